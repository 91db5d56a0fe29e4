import { renderCalls } from './calls.ts';
import { html, trusted, type Html } from './html.ts';
import { renderLayout } from './layout.ts';
import type { BookDetails, BookReviews, PageModel, Rating, Review, Section } from './model.ts';
import type { Product } from './products.ts';

/** The page at `/productpage`. */
export function renderProductPage(model: PageModel): string {
  const main = html`
    ${renderBook(model.product)}
    <div class="columns">${renderDetails(model.details)} ${renderReviews(model.reviews)}</div>
    ${renderCalls(model)}
  `;
  return renderLayout(renderAccount(model.user), main);
}

/** Who is logged in; or the button that opens the sign-in dialog, which needs no script. */
function renderAccount(user: string | undefined): Html {
  if (user !== undefined) {
    return html`<p class="account">
      <span class="avatar" aria-hidden="true">${Array.from(user)[0]?.toUpperCase()}</span>
      <span class="visually-hidden">Signed in as</span> <b>${user}</b>
      <a href="logout">Sign out</a>
    </p>`;
  }
  return html`<button type="button" class="button" popovertarget="sign-in">Sign in</button>
    <dialog id="sign-in" popover aria-labelledby="sign-in-title">
      <form method="post" action="login" name="login_form">
        <h2 id="sign-in-title">Sign in to BookInfo</h2>
        <p class="hint">
          Any name, any password. Rules of the tour treat <code>jason</code> differently.
        </p>
        <label>
          Username
          <input name="username" maxlength="64" autocomplete="username" required autofocus />
        </label>
        <label>
          Password
          <input name="passwd" type="password" autocomplete="current-password" />
        </label>
        <p class="actions">
          <button type="submit" class="button">Sign in</button>
          <button
            type="button"
            class="button quiet"
            popovertarget="sign-in"
            popovertargetaction="hide"
          >
            Cancel
          </button>
        </p>
      </form>
    </dialog>`;
}

function renderBook(product: Product): Html {
  return html`<section class="book">
    ${cover}
    <div>
      <h1>${product.title}</h1>
      <p class="lead">${trusted(product.descriptionHtml)}</p>
    </div>
  </section>`;
}

/** Two pairs of twins: an ornament, so hidden from screen readers. */
const cover = trusted(`<svg class="cover" viewBox="0 0 150 210" aria-hidden="true">
  <rect class="cover-board" width="150" height="210" rx="6"/>
  <rect class="cover-spine" x="11" width="3" height="210"/>
  <g class="cover-twins">
    <circle cx="66" cy="62" r="21"/><circle cx="98" cy="62" r="21"/>
    <circle cx="66" cy="114" r="14"/><circle cx="98" cy="114" r="14"/>
  </g>
  <text class="cover-title" x="82" y="162">The Comedy</text>
  <text class="cover-title" x="82" y="178">of Errors</text>
</svg>`);

/** The facts that the page shows, in this order, with the name it gives them. */
const facts = [
  ['author', 'Author'],
  ['year', 'Year'],
  ['type', 'Type'],
  ['pages', 'Pages'],
  ['publisher', 'Publisher'],
  ['language', 'Language'],
  ['ISBN-10', 'ISBN-10'],
  ['ISBN-13', 'ISBN-13'],
] as const;

function renderDetails(section: Section<BookDetails>): Html {
  if (section.kind === 'error') return renderError('Error fetching product details!', section.text);
  const { content } = section;
  const rows = facts.flatMap(([key, label]) => {
    const value = content[key];
    return value === undefined
      ? []
      : [
          html`<div>
            <dt>${label}</dt>
            <dd>${value}</dd>
          </div>`,
        ];
  });
  return html`<section class="details" aria-labelledby="details-title">
    <h2 id="details-title">Book Details</h2>
    <dl class="card">${rows}</dl>
  </section>`;
}

function renderReviews(section: Section<BookReviews>): Html {
  if (section.kind === 'error') return renderError('Error fetching product reviews!', section.text);
  return html`<section class="reviews" aria-labelledby="reviews-title">
    <h2 id="reviews-title">Book Reviews</h2>
    ${section.content.reviews.map(renderReview)} ${renderServer(section.content)}
  </section>`;
}

function renderServer({ podname, version, clustername }: BookReviews): Html | undefined {
  if (podname === undefined) return undefined;
  return html`<p class="served">
    Reviews served by: <code>${podname}</code>
    ${version === undefined ? undefined : html`(version <b>${version}</b>)`}
    ${clustername === undefined ? undefined : html`on cluster <code>${clustername}</code>`}
  </p>`;
}

function renderReview({ reviewer, text, rating }: Review): Html {
  return html`<figure class="card">
    ${renderRating(rating)}
    <blockquote>${text}</blockquote>
    <figcaption>${reviewer}</figcaption>
  </figure>`;
}

/**
 * The class names beginning with `glyphicon` and `text-` are those of Istio's pages, old and new: scripts
 * that follow Istio's tasks look for them. They must stand nowhere else in the page.
 */
function renderRating(rating: Rating): Html | undefined {
  switch (rating.kind) {
    case 'none':
      return undefined;
    case 'error':
      return html`<p class="notice small">${rating.text}</p>`;
    case 'stars': {
      const { stars, color } = rating;
      const shown = Array.from({ length: 5 }, (_, index) =>
        index < stars
          ? html`<span class="glyphicon glyphicon-star text-${color}-500">★</span>`
          : html`<span class="glyphicon glyphicon-star-empty text-${color}-500">☆</span>`,
      );
      return html`<p class="stars ${color}" role="img" aria-label="${stars} of 5 stars, ${color}">
        ${shown}
      </p>`;
    }
  }
}

function renderError(title: string, text: string): Html {
  return html`<section class="notice" role="alert">
    <h2>${title}</h2>
    <p>${text}</p>
  </section>`;
}
