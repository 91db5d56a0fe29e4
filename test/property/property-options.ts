import { randomInt } from 'node:crypto';

/** How a property is run, so that a failure can be repeated. */
export interface PropertyOptions {
  readonly seed: number;
  readonly numRuns: number;
  /** Where in the run of a seed the counterexample stands; only that is judged. */
  readonly path?: string;
}

/**
 * Reads PROPERTY_SEED, PROPERTY_PATH and PROPERTY_RUNS, as a failure gives them. Without a seed each run takes another
 * one: it is said when something is found.
 */
export function readPropertyOptions(
  numRuns: number,
  {
    PROPERTY_SEED: seed,
    PROPERTY_PATH: path,
    PROPERTY_RUNS: runs,
  }: NodeJS.ProcessEnv = process.env,
): PropertyOptions {
  return {
    seed: seed === undefined ? randomInt(2 ** 31) : Number(seed),
    numRuns: runs === undefined ? numRuns : Number(runs),
    ...(path === undefined ? {} : { path }),
  };
}

/** How to see the same failure again. */
export function formatRerun(
  { seed, path }: Pick<PropertyOptions, 'seed' | 'path'>,
  file: string,
): string {
  const place = path === undefined ? '' : ` PROPERTY_PATH=${path}`;
  return `PROPERTY_SEED=${seed}${place} npm run unit -- --spec ${file}`;
}
