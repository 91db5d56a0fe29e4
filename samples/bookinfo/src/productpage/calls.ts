import type { Try } from './backends.ts';
import { html, type Html } from './html.ts';
import type { Call, PageModel, Rating } from './model.ts';

/** How the page came about: one row per service, with a bar per try on a common time axis. */
export function renderCalls({ server, calls, reviews }: PageModel): Html {
  const end = Math.max(1, ...calls.flatMap(({ tries }) => tries.map((one) => one.end)));
  const ratings =
    reviews.kind === 'content' ? renderRatings(reviews.content.reviews[0]?.rating) : undefined;
  return html`<section class="calls" aria-labelledby="calls-title">
    <h2 id="calls-title">How this page was made</h2>
    <table>
      <thead>
        <tr>
          <th>Service</th>
          <th>Version</th>
          <th>Answer</th>
          <th>Time</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row"><code>productpage</code> <small>${server.podname}</small></th>
          <td>${server.version}</td>
          <td>this page</td>
          <td class="time">${bars([{ start: 0, end, status: 200 }], end)} ${formatTime(end)}</td>
        </tr>
        ${calls.map((call) => renderCall(call, end))} ${ratings}
      </tbody>
    </table>
  </section>`;
}

function renderCall({ service, version, podname, tries }: Call, end: number): Html {
  const last = tries.at(-1);
  const first = tries[0];
  const time = last === undefined || first === undefined ? 0 : last.end - first.start;
  const answer = last?.status === undefined ? 'no answer' : `status ${last.status}`;
  const repeated = tries.length > 1 ? `, ${tries.length} tries` : '';
  const failed = last?.status === 200 ? '' : 'failed';
  return html`<tr class="${failed}">
    <th scope="row" class="child"><code>${service}</code> <small>${podname}</small></th>
    <td>${version ?? '–'}</td>
    <td>${answer}${repeated}</td>
    <td class="time">${bars(tries, end)} ${formatTime(time)}</td>
  </tr>`;
}

/** Ratings is called by reviews: all the page knows of it is what came of it. */
function renderRatings(rating: Rating = { kind: 'none' }): Html {
  return html`<tr class="${rating.kind === 'error' ? 'failed' : ''}">
    <th scope="row" class="grandchild"><code>ratings</code></th>
    <td>–</td>
    <td>${describeRating(rating)}</td>
    <td class="time">${rating.kind === 'none' ? '–' : 'in reviews'}</td>
  </tr>`;
}

function describeRating(rating: Rating): string {
  switch (rating.kind) {
    case 'none':
      return 'not called';
    case 'stars':
      return `${rating.color} stars`;
    case 'error':
      return 'unavailable';
  }
}

function bars(tries: readonly Try[], end: number): Html {
  const scale = 100 / end;
  const shapes = tries.map(({ start, end: stop, status }) => {
    const width = Math.max(1, (stop - start) * scale - 0.5);
    const x = Math.min(start * scale, 99);
    return html`<rect
      class="${status === 200 ? '' : 'bad'}"
      x="${x.toFixed(1)}"
      y="0"
      width="${width.toFixed(1)}"
      height="8"
    />`;
  });
  return html`<svg
    class="bar-chart"
    viewBox="0 0 100 8"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${shapes}
  </svg>`;
}

/** Milliseconds below a second, else seconds with two decimals. */
function formatTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
