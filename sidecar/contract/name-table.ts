/**
 * The names of the mesh and their virtual addresses. Pilot serves the table at `nameTablePath`; with
 * `?watch=true` it sends one JSON line at once and one after each change, and an empty line every
 * `nameTableHeartbeat` so that a dead connection is noticed.
 */
export const nameTablePath = '/mesh/v1/names';

/** Milliseconds between heartbeats on an idle watch. */
export const nameTableHeartbeat = 5000;

export interface NameTable {
  /** Content hash of `names`. */
  readonly version: string;
  /** Lower-case host name without a final dot → addresses, sorted. */
  readonly names: Readonly<Record<string, readonly string[]>>;
}
