import type { Problem } from '../../kit/problem.ts';

/** What a code of the analysis means. */
export interface CodeInfo {
  /** As `istioctl analyze` calls it where it has the check. */
  readonly name: string;
  readonly severity: Problem['severity'];
  /** The code of `istioctl analyze` for the same. */
  readonly istio?: string;
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** What to do. */
  readonly fix: string;
}
