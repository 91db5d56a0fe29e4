import type { Snapshot } from '../xds/resource.ts';
import type { NodeIdentity } from './node.ts';

/** Where delivery gets what it delivers. */
export interface SnapshotSource {
  /**
   * A proxy has connected. `listener` is called with its current snapshot, at once if there is one, and with each
   * later one until the connection is closed. Without a snapshot the stream stays open and silent, so that the
   * proxy keeps what it has.
   */
  readonly connect: (node: NodeIdentity, listener: (snapshot: Snapshot) => void) => Connection;
}

export interface Connection {
  /** The stream has ended. */
  readonly close: () => void;
}
