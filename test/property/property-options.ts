import { randomInt } from 'node:crypto';

/** How a property is run, so that a failure can be repeated. */
export interface PropertyOptions {
  readonly seed: number;
  readonly numRuns: number;
  /** Where in the run of a seed the counterexample stands; only that is judged. */
  readonly path?: string;
}

/** The seed of the usual run: who finds something there has brought it in. */
const usualSeed = 1;

/**
 * Reads PROPERTY_SEED, PROPERTY_PATH and PROPERTY_RUNS, as a failure gives them. With the seed `random` (npm run
 * fuzz:config) each run takes another one: it is said when something is found.
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
    seed: seed === 'random' ? randomInt(2 ** 31) : Number(seed ?? usualSeed),
    numRuns: runs === undefined ? numRuns : Number(runs),
    ...(path === undefined ? {} : { path }),
  };
}

/** How to see the same failure again. */
export function formatRerun({ seed, path }: Pick<PropertyOptions, 'seed' | 'path'>): string {
  const place = path === undefined ? '' : ` PROPERTY_PATH=${path}`;
  return `PROPERTY_SEED=${seed}${place} npm run fuzz:config`;
}
