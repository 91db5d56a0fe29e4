import type { Clock } from '../../kit/clock.ts';
import { type Debounce, createDebounce } from '../../kit/debounce.ts';
import { describeError } from '../../kit/errors.ts';
import { type Closer, Lifecycle } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import { type Watched, WatchedCell } from '../../kit/watched.ts';
import type { ResourceSet } from '../api/resource.ts';
import { buildMesh } from '../model/build.ts';
import { type Mesh, emptyMesh } from '../model/mesh.ts';
import type { Proxy } from '../model/proxy.ts';
import type { RegisteredService } from '../model/service.ts';
import type { MeshOptions } from '../translate/options.ts';
import type { Snapshot } from '../xds/resource.ts';
import { SnapshotFactory } from './snapshots.ts';

export interface PipelineOptions {
  readonly catalog: Watched<readonly RegisteredService[]>;
  readonly resources: Watched<ResourceSet>;
  /** Domain in which rules may use short names. */
  readonly domain: string;
  readonly mesh: MeshOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the proxies know what they are to have of a set of resources. */
  readonly onBuilt?: (resources: ResourceSet) => void;
}

/** Milliseconds: long enough to take the events of one action together, short enough not to be felt. */
const quiet = 5;
const longest = 50;

/**
 * From the sources to the snapshots of the connected proxies: builds the mesh when a source has changed and
 * tells each proxy whose snapshot is another one. Nothing is told before every source has spoken once, so a
 * pilot that has just started never takes anything away.
 */
export class Pipeline implements Closer {
  readonly #options: PipelineOptions;
  readonly #factory: SnapshotFactory;
  readonly #mesh = new WatchedCell<Mesh>();
  readonly #connections = new Set<Connection>();
  readonly #lifecycle = new Lifecycle();
  readonly #rebuild: Debounce;
  readonly #serve: Debounce;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#factory = new SnapshotFactory(options.mesh);
    const { clock } = options;
    this.#rebuild = createDebounce(this.#guard(this.#buildMesh), { quiet, max: longest, clock });
    this.#serve = createDebounce(this.#guard(this.#publish), { quiet: 0, max: 0, clock });
  }

  /** The mesh last built; absent until every source has spoken. */
  get mesh(): Watched<Mesh> {
    return this.#mesh;
  }

  start(): void {
    for (const source of [this.#options.catalog, this.#options.resources]) {
      this.#lifecycle.add({ close: source.subscribe(this.#rebuild.trigger) });
    }
    this.#lifecycle.add({ close: this.#rebuild.close });
    this.#lifecycle.add({ close: this.#serve.close });
  }

  /** Takes over at once what the sources say now, for a caller who changed them and goes on with the result. */
  flush(): void {
    this.#rebuild.flush();
  }

  /** Calls `listener` with the proxy's snapshot as soon as there is one, and after each change. */
  connect(proxy: Proxy, listener: (snapshot: Snapshot) => void): Closer {
    const connection = new Connection(proxy, listener);
    this.#connections.add(connection);
    this.#serve.trigger();
    return {
      close: () => {
        this.#connections.delete(connection);
      },
    };
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  readonly #buildMesh = (): void => {
    const { catalog, resources, domain } = this.#options;
    const services = catalog.current();
    const set = resources.current();
    if (services === undefined || set === undefined) return;
    const previous = this.#mesh.current() ?? emptyMesh;
    this.#mesh.set(buildMesh({ catalog: services, resources: set, domain }, previous));
    this.#publish();
    this.#options.onBuilt?.(set);
  };

  readonly #publish = (): void => {
    const mesh = this.#mesh.current();
    if (mesh === undefined) return;
    const connections = [...this.#connections];
    const proxies = connections.map(({ proxy }) => proxy);
    const snapshots = this.#factory.build(mesh, proxies);
    for (const [index, connection] of connections.entries()) connection.offer(snapshots[index]);
  };

  /** A bug in a stage must not end the control plane: proxies keep the last good configuration. */
  #guard(stage: () => void): () => void {
    return () => {
      try {
        stage();
      } catch (error) {
        this.#options.log.error(
          { error: describeError(error), stack: error instanceof Error ? error.stack : undefined },
          'configuration not rebuilt, the last good one stays in force',
        );
      }
    };
  }
}

class Connection {
  readonly proxy: Proxy;
  readonly #listener: (snapshot: Snapshot) => void;
  #last: Snapshot | undefined;

  constructor(proxy: Proxy, listener: (snapshot: Snapshot) => void) {
    this.proxy = proxy;
    this.#listener = listener;
  }

  offer(snapshot: Snapshot | undefined): void {
    if (snapshot === undefined || snapshot === this.#last) return;
    this.#last = snapshot;
    this.#listener(snapshot);
  }
}
