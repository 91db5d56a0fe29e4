/**
 * The record of the last writes to a store in Consul, kept beside the objects. Every write goes with a
 * check-and-set of it in one transaction, so the writes of all pilots are in one order, and none is made by a
 * pilot that has not seen all before it. It also says what has been written, so that a pilot that is behind reads
 * that and not everything.
 */
export interface Head {
  /**
   * A version is this and Consul's index of the write. It is another one when Consul has lost its data and counts
   * from the beginning, so versions go on growing.
   */
  readonly base: number;
  /** What became of the objects when the base was made: they were lost, or Consul was set back to an older state. */
  readonly origin: 'empty' | 'set back';
  /** Grows with each write. A check-and-set with the value that is there would not count as a write to Consul. */
  readonly count: number;
  /** The last writes, oldest first. The index of the newest is that of the record itself. */
  readonly recent: readonly RecentWrite[];
}

export interface RecentWrite {
  readonly verb: 'set' | 'delete';
  readonly path: string;
  readonly index?: number;
}

/** Enough for a burst of another pilot; who is further behind reads everything. */
const recentSize = 32;

/** The record as Consul has it. */
export interface StoredHead extends Head {
  readonly index: number;
}

export function firstHead(base: number, origin: Head['origin']): Head {
  return { base, origin, count: 0, recent: [] };
}

/** The record after one more write. */
export function nextHead(head: StoredHead, write: RecentWrite): Head {
  const { base, origin, count } = head;
  const recent = [...withIndexes(head), write].slice(-recentSize);
  return { base, origin, count: count + 1, recent };
}

/** The writes after `index`, oldest first; undefined when the record does not go back that far. */
export function writesSince(
  head: StoredHead,
  index: number,
): readonly Required<RecentWrite>[] | undefined {
  const writes = withIndexes(head);
  const isComplete = head.count === writes.length || writes.some((write) => write.index <= index);
  return isComplete ? writes.filter((write) => write.index > index) : undefined;
}

/** Whether Consul has gone back behind what was known before it was asked. */
export function isOlder(head: StoredHead, known: StoredHead | undefined): boolean {
  if (known === undefined) return false;
  return head.base < known.base || (head.base === known.base && head.index < known.index);
}

/** Whether the record has the write of that index: then it was a pilot's, and no one's by hand. */
export function isRecorded(head: StoredHead, index: number): boolean {
  return head.index === index || withIndexes(head).some((write) => write.index === index);
}

function withIndexes({ recent, index }: StoredHead): readonly Required<RecentWrite>[] {
  return recent.map((write) => ({ index, ...write }));
}

export function formatHead({ base, origin, count, recent }: Head): string {
  return JSON.stringify({ base, origin, count, recent });
}

/** Undefined when it is no such record: somebody wrote over it. */
export function parseHead(text: string, index: number): StoredHead | undefined {
  try {
    const value = JSON.parse(text) as Partial<Head> | null;
    const { base, origin = 'empty', count = 0, recent = [] } = value ?? {};
    return Number.isSafeInteger(base) && base !== undefined
      ? { base, origin, count, recent, index }
      : undefined;
  } catch {
    return undefined;
  }
}
