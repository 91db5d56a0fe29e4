import type { Fetched, Try } from './backends.ts';
import type { Product } from './products.ts';

/** What the page shows, in the smallest types: made from the backends' JSON, whatever that holds. */
export interface PageModel {
  readonly product: Product;
  readonly user?: string;
  /** The productpage that answers. */
  readonly server: { readonly version: string; readonly podname: string };
  readonly details: Section<BookDetails>;
  readonly reviews: Section<BookReviews>;
  readonly calls: readonly Call[];
}

export type Section<T> =
  | { readonly kind: 'content'; readonly content: T }
  | { readonly kind: 'error'; readonly text: string };

/** Facts by their name in the API, such as `ISBN-10`. */
export type BookDetails = Readonly<Record<string, string>>;

export interface BookReviews {
  /** Who answered. */
  readonly podname?: string;
  readonly version?: string;
  readonly clustername?: string;
  readonly reviews: readonly Review[];
}

export interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly rating: Rating;
}

export type Rating =
  | { readonly kind: 'none' }
  | { readonly kind: 'stars'; readonly stars: number; readonly color: StarColor }
  | { readonly kind: 'error'; readonly text: string };

export type StarColor = 'black' | 'red';

export interface Call {
  readonly service: string;
  readonly version?: string;
  readonly podname?: string;
  readonly tries: readonly Try[];
}

const unreadable = 'The answer could not be read.';

/** The section on details. */
export function readDetails({ status, body }: Fetched): Section<BookDetails> {
  if (status !== 200) return failed(body);
  if (!isRecord(body)) return { kind: 'error', text: unreadable };
  const facts = Object.entries(body).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : [],
  );
  return { kind: 'content', content: Object.fromEntries(facts) };
}

/** The section on reviews. */
export function readReviews({ status, body, version }: Fetched): Section<BookReviews> {
  if (status !== 200) return failed(body);
  if (!isRecord(body) || !Array.isArray(body['reviews'])) {
    return { kind: 'error', text: unreadable };
  }
  const podname = text(body['podname']);
  const clustername = text(body['clustername']);
  const content: BookReviews = {
    reviews: body['reviews'].filter(isRecord).map(readReview),
    ...(podname === '' ? {} : { podname }),
    ...(version === undefined ? {} : { version }),
    ...(clustername === '' || clustername === 'null' ? {} : { clustername }),
  };
  return { kind: 'content', content };
}

function readReview(review: Readonly<Record<string, unknown>>): Review {
  return {
    reviewer: text(review['reviewer']),
    text: text(review['text']),
    rating: readRating(review['rating']),
  };
}

function readRating(rating: unknown): Rating {
  if (!isRecord(rating)) return { kind: 'none' };
  const { stars, color, error } = rating;
  if (typeof stars === 'number') {
    const shown = Math.min(5, Math.max(0, Math.round(stars)));
    return { kind: 'stars', stars: shown, color: color === 'red' ? 'red' : 'black' };
  }
  return typeof error === 'string' ? { kind: 'error', text: error } : { kind: 'none' };
}

function failed(body: unknown): { readonly kind: 'error'; readonly text: string } {
  return { kind: 'error', text: isRecord(body) ? text(body['error']) : unreadable };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
