import { sameElements } from '../../kit/same-elements.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Mesh } from '../model/mesh.ts';
import { type Proxy, type View, viewOf } from '../model/proxy.ts';
import type { MeshOptions } from '../translate/options.ts';
import { type OwnInputs, ownOf } from '../translate/own.ts';
import { type Profile, profiles } from '../translate/profile.ts';
import { type Encoder, createEncoder } from '../xds/encoder.ts';
import type { EncodedResource, Snapshot, XdsType } from '../xds/resource.ts';
import { type OwnPart, SharedBundles, createOwnPart } from './shared-bundles.ts';
import { type Recompute, recomputeOnChange } from './recompute.ts';
import { SharedConfig } from './shared-config.ts';

/** Makes the snapshots of proxies from a mesh, doing once what several proxies share. */
export class SnapshotFactory {
  readonly #options: MeshOptions;
  readonly #encoder: Encoder = createEncoder();
  readonly #kinds = new WeakMap<Proxy, Recompute<ProxyKind>>();
  #views = new Map<string, ViewSnapshots>();

  constructor(options: MeshOptions) {
    this.#options = options;
  }

  /**
   * The snapshots of `proxies`, in their order. Views that none of them has are forgotten. A snapshot whose
   * content did not change is the same object as before.
   */
  build(mesh: Mesh, proxies: readonly Proxy[]): readonly Snapshot[] {
    const views = new Map<string, ViewSnapshots>();
    const asked = [...mesh.askedLabels].sort().join();
    const snapshots = proxies.map((proxy) => {
      const workload = mesh.workloads.get(proxy.id.address);
      const { view, own } = this.#classify(proxy, [workload, asked], () => ({
        view: withKey(viewOf(proxy, workload, mesh.askedLabels)),
        own: withKey(ownOf(proxy, workload)),
      }));
      const known = views.get(view.key) ?? this.#renew(view, mesh);
      views.set(view.key, known);
      return known.snapshotFor(own);
    });
    this.#views = views;
    this.#encoder.forgetUnused();
    return snapshots;
  }

  /** Works out of which kind a proxy is, again only when its workload or the labels that rules ask for change. */
  #classify(proxy: Proxy, ...inputs: Parameters<Recompute<ProxyKind>>): ProxyKind {
    const recompute = this.#kinds.get(proxy) ?? recomputeOnChange<ProxyKind>();
    this.#kinds.set(proxy, recompute);
    return recompute(...inputs);
  }

  #renew({ key, value: view }: Keyed<View>, mesh: Mesh): ViewSnapshots {
    const snapshots = this.#views.get(key) ?? new ViewSnapshots(view, this.#options, this.#encoder);
    snapshots.update(mesh);
    return snapshots;
  }
}

/** What of a proxy decides its snapshot. */
interface ProxyKind {
  readonly view: Keyed<View>;
  readonly own: Keyed<OwnInputs>;
}

interface Keyed<T> {
  readonly value: T;
  /** Equal for equal values. */
  readonly key: string;
}

function withKey<T>(value: T): Keyed<T> {
  return { value, key: JSON.stringify(value) };
}

type Encoded = Readonly<Record<XdsType, readonly EncodedResource[]>>;

/** The snapshots of all proxies with one view: they differ only in what is their own. */
class ViewSnapshots {
  readonly #options: MeshOptions;
  readonly #encoder: Encoder;
  readonly #shared: SharedConfig;
  readonly #translateOwn: Profile['own'];
  readonly #bundles: Readonly<Record<XdsType, SharedBundles>> = {
    cluster: new SharedBundles('cluster'),
    endpoint: new SharedBundles('endpoint'),
    listener: new SharedBundles('listener'),
    route: new SharedBundles('route'),
  };
  /** By what is the proxy's own. */
  #proxies = new Map<string, OwnSnapshot>();
  #lastProxies = new Map<string, OwnSnapshot>();

  constructor(view: View, options: MeshOptions, encoder: Encoder) {
    this.#options = options;
    this.#encoder = encoder;
    this.#shared = new SharedConfig(view, options);
    this.#translateOwn = profiles[view.reader].own;
  }

  update(mesh: Mesh): void {
    const outbound = this.#encode(this.#shared.translate(mesh));
    for (const [type, bundles] of entriesOf(this.#bundles)) bundles.update(outbound[type]);
    this.#lastProxies = this.#proxies;
    this.#proxies = new Map();
  }

  snapshotFor({ key, value: inputs }: Keyed<OwnInputs>): Snapshot {
    const known = this.#proxies.get(key) ?? this.#renew(key, inputs);
    this.#proxies.set(key, known);
    return known.snapshot;
  }

  #renew(key: string, inputs: OwnInputs): OwnSnapshot {
    const last = this.#lastProxies.get(key);
    const own = last?.own ?? createOwn(this.#encode(this.#translateOwn(inputs, this.#options)));
    const next: Snapshot = {
      cluster: this.#bundles.cluster.with(own.cluster),
      endpoint: this.#bundles.endpoint.with(own.endpoint),
      listener: this.#bundles.listener.with(own.listener),
      route: this.#bundles.route.with(own.route),
    };
    const unchanged =
      last !== undefined && sameElements(Object.values(last.snapshot), Object.values(next));
    return unchanged ? last : { own, snapshot: next };
  }

  #encode({ clusters, endpoints, listeners, routes }: ProxyConfig): Encoded {
    return {
      cluster: clusters.map(this.#encoder.cluster),
      endpoint: endpoints.map(this.#encoder.endpoints),
      listener: listeners.map(this.#encoder.listener),
      route: routes.map(this.#encoder.routeTable),
    };
  }
}

/** What is a proxy's own, encoded, and the snapshot with it. */
interface OwnSnapshot {
  readonly own: Own;
  readonly snapshot: Snapshot;
}

type Own = Readonly<Record<XdsType, OwnPart>>;

function createOwn({ cluster, endpoint, listener, route }: Encoded): Own {
  return {
    cluster: createOwnPart(cluster),
    endpoint: createOwnPart(endpoint),
    listener: createOwnPart(listener),
    route: createOwnPart(route),
  };
}

function entriesOf<T>(record: Readonly<Record<XdsType, T>>): readonly (readonly [XdsType, T])[] {
  return Object.entries(record) as [XdsType, T][];
}
