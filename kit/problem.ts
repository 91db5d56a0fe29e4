/**
 * Something wrong in what a user wrote: a label, a rule, a file. Problems are values that are collected and
 * shown, never thrown: one bad line must not stop the rest.
 */
export interface Problem {
  /** Stable and searchable, such as `E_PROTOCOL`. */
  readonly code: string;
  /** Information is for those who ask (`cmesh analyze`); nobody is warned of it. */
  readonly severity: 'error' | 'warning' | 'info';
  /** What carries the mistake: `VirtualService default/reviews`, `container shop-web-1`, a file's path. */
  readonly resource: string;
  /** Where in it: `spec.http[0].route[1].weight`, a label's name. Missing when it is the whole. */
  readonly path?: string;
  /** What is wrong, with the offending value, and what to do. */
  readonly message: string;
}

/** One line for logs and terminals. */
export function formatProblem(problem: Problem): string {
  const { code, resource, path = '', message } = problem;
  const place = path === '' ? resource : `${resource}: ${path}`;
  return `${code} ${place}: ${message}`;
}
