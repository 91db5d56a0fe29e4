import { delay } from '../../kit/lifecycle.ts';

/**
 * Asks again until `ask` returns something other than undefined or false, and returns that. Throws after
 * `limit` ms with `what`: a wait for a condition, never for a time.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 5000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms for ${what}`);
    await delay(5);
  }
}
