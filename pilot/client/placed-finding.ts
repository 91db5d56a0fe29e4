import type { Problem } from '../../kit/problem.ts';

export type Severity = Problem['severity'];

/** A problem and where it stands: in a file, or in the mesh. */
export interface PlacedFinding extends Problem {
  /** `FILE:LINE:COLUMN`; missing for an object of the mesh. */
  readonly reference?: string;
}
