import { html } from './html.ts';
import { renderLayout } from './layout.ts';

/** The page at `/`: what the sample is made of, and the way in. */
export function renderIndexPage(): string {
  return renderLayout(
    undefined,
    html`<section class="intro">
      <h1>A bookstore made of four services</h1>
      <p class="lead">
        Hello! This is a simple bookstore application. The page is put together by
        <code>productpage</code> from the answers of the services below it, each reached through the
        mesh.
      </p>
      <ul class="tree">
        <li>
          <code>productpage</code> <span>the page</span>
          <ul>
            <li><code>details</code> <span>facts about the book</span></li>
            <li>
              <code>reviews</code>
              <span>v1 without stars, v2 with black ones, v3 with red ones</span>
              <ul>
                <li><code>ratings</code> <span>the number of stars</span></li>
              </ul>
            </li>
          </ul>
        </li>
      </ul>
      <p class="actions">
        <a class="button" href="productpage?u=normal">Normal user</a>
        <a class="button quiet" href="productpage?u=test">Test user</a>
      </p>
    </section>`,
  );
}
