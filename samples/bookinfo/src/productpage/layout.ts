import { createHash } from 'node:crypto';
import { html, trusted, type Html } from './html.ts';
import { style } from './style.ts';

/** In one piece: the policy below holds for exactly these characters. */
const styleElement = trusted(`<style>${style}</style>`);

const hash = createHash('sha256').update(style).digest('base64');

/** Nothing is loaded and no script runs: the style sheet in the page is all there is. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
].join('; ');

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E" +
  "%3Crect x='5' y='3' width='22' height='26' rx='3' fill='%230f5e5a'/%3E" +
  "%3Crect x='9' y='3' width='2' height='26' fill='%23f3d9a4'/%3E%3C/svg%3E";

/** A whole page: title and frame, which all pages share. */
export function renderLayout(account: Html | undefined, main: Html): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Simple Bookstore App</title>
        <link rel="icon" href="${trusted(icon)}" />
        ${styleElement}
      </head>
      <body>
        <header class="bar">
          <a class="brand" href="productpage">BookInfo Sample</a>
          ${account}
        </header>
        <main>${main}</main>
      </body>
    </html>`;
  return page.toString();
}
