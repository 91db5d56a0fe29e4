import type { Connection, SnapshotSource } from '../../pilot/ads/snapshot-source.ts';
import type { NodeIdentity } from '../../pilot/ads/node.ts';
import type { Snapshot } from '../../pilot/xds/resource.ts';
import { WatchedCell } from '../../kit/watched.ts';

/** Gives every proxy the same snapshot, which the test sets. */
export class FixedSource implements SnapshotSource {
  readonly nodes: NodeIdentity[] = [];
  readonly #cell = new WatchedCell<Snapshot>();

  set(snapshot: Snapshot): void {
    this.#cell.set(snapshot);
  }

  connect(node: NodeIdentity, listener: (snapshot: Snapshot) => void): Connection {
    this.nodes.push(node);
    return { close: this.#cell.subscribe(listener) };
  }
}
