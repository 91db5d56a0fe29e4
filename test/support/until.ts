import { delay } from '../../kit/lifecycle.ts';

/**
 * Asks again until `ask` returns something other than undefined or false, and returns that. Throws after
 * `limit` ms with `what`: a wait for a condition, never for a time. The limit names a condition that never
 * comes; it must not be what fails on a busy machine.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 30_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms for ${what}`);
    await delay(5);
  }
}
