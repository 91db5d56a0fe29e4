import { delay } from '../../kit/lifecycle.ts';

/** Between two looks (ms). */
const pause = 5;

/** How often is looked for copies when some are expected, and when none are: for two seconds at least, and for a tenth of one. */
export const looksForSome = 400;
export const looksForNone = 20;

/**
 * Looks for copies of a request: nobody waits for the answer to one, so they may come after the answer to the request. Looks
 * are counted, and not time: what came while this program had to stand still is read between two of them.
 */
export async function lookForCopies(areThere: () => boolean, looks: number): Promise<void> {
  for (let look = 0; look < looks && !areThere(); look += 1) await delay(pause);
}
