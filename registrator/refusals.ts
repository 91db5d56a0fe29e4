/** Which writes Consul has refused: each is reported once, and tried again less and less often. */
import { createBackoff, type Backoff } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import { operationId, type Operation } from './plan/diff.ts';

interface Refusal {
  /** What was to be written; anything else is tried at once. */
  readonly operation: string;
  readonly reason: string;
  readonly backoff: Backoff;
  retryAt: number;
}

/** From the first repetition to the last (ms): a refusal ends by the hand of a person. */
const delays = { initial: 2000, max: 60_000 };

export class Refusals {
  readonly #clock: Clock;
  readonly #refusals = new Map<string, Refusal>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False for a write that was refused as it stands, not long ago. */
  isDue(operation: Operation): boolean {
    const refusal = this.#find(operation);
    return refusal === undefined || this.#clock.now() >= refusal.retryAt;
  }

  /** True for a write that was refused before, as it stands. */
  isKnown(operation: Operation): boolean {
    return this.#find(operation) !== undefined;
  }

  /** Notes a refusal; false when it is known, for the same reason. */
  note(operation: Operation, reason: string): boolean {
    const id = operationId(operation);
    const text = JSON.stringify(operation);
    const known = this.#refusals.get(id);
    const backoff = known?.operation === text ? known.backoff : createBackoff(delays);
    const retryAt = this.#clock.now() + backoff.next();
    this.#refusals.set(id, { operation: text, reason, backoff, retryAt });
    return known?.reason !== reason;
  }

  /** The write succeeded, or is asked for no longer. */
  forget(id: string): void {
    this.#refusals.delete(id);
  }

  /** Has everything tried again at once, without reporting it anew. */
  retry(): void {
    for (const refusal of this.#refusals.values()) {
      refusal.retryAt = 0;
      refusal.backoff.reset();
    }
  }

  /** Forgets what is not among the operations of a pass. */
  keep(operations: readonly Operation[]): void {
    if (this.#refusals.size === 0) return;
    const ids = new Set(operations.map(operationId));
    for (const id of this.#refusals.keys()) if (!ids.has(id)) this.forget(id);
  }

  #find(operation: Operation): Refusal | undefined {
    const refusal = this.#refusals.get(operationId(operation));
    return refusal?.operation === JSON.stringify(operation) ? refusal : undefined;
  }
}
