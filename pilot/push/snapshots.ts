import { sameElements } from '../../kit/same-elements.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Mesh } from '../model/mesh.ts';
import { type Proxy, type View, viewOf } from '../model/proxy.ts';
import type { MeshOptions } from '../translate/options.ts';
import { type OwnInputs, ownOf } from '../translate/own.ts';
import { type Profile, profiles } from '../translate/profile.ts';
import { createBundle } from '../xds/bundle.ts';
import { type Encoder, createEncoder } from '../xds/encoder.ts';
import type { Bundle, EncodedResource, Snapshot, XdsType } from '../xds/resource.ts';
import { SharedConfig } from './shared-config.ts';

/** Makes the snapshots of proxies from a mesh, doing once what several proxies share. */
export class SnapshotFactory {
  readonly #options: MeshOptions;
  readonly #encoder: Encoder = createEncoder();
  #views = new Map<string, ViewSnapshots>();

  constructor(options: MeshOptions) {
    this.#options = options;
  }

  /**
   * The snapshots of `proxies`, in their order. Views that none of them has are forgotten. A snapshot whose
   * content did not change is the same object as before.
   */
  build(
    mesh: Mesh,
    proxies: readonly Proxy[],
    askedLabels: ReadonlySet<string>,
  ): readonly Snapshot[] {
    const views = new Map<string, ViewSnapshots>();
    const snapshots = proxies.map((proxy) => {
      const view = viewOf(proxy, mesh, askedLabels);
      const key = JSON.stringify(view);
      const known = views.get(key) ?? this.#renew(key, view, mesh);
      views.set(key, known);
      return known.snapshotFor(ownOf(proxy, mesh));
    });
    this.#views = views;
    return snapshots;
  }

  #renew(key: string, view: View, mesh: Mesh): ViewSnapshots {
    const snapshots = this.#views.get(key) ?? new ViewSnapshots(view, this.#options, this.#encoder);
    snapshots.update(mesh);
    return snapshots;
  }
}

type Encoded = Readonly<Record<XdsType, readonly EncodedResource[]>>;

/** The snapshots of all proxies with one view: they differ only in what is their own. */
class ViewSnapshots {
  readonly #options: MeshOptions;
  readonly #encoder: Encoder;
  readonly #shared: SharedConfig;
  readonly #profile: Profile;
  #outbound: Encoded | undefined;
  /** By what is the proxy's own. */
  #snapshots = new Map<string, Snapshot>();
  #lastSnapshots = new Map<string, Snapshot>();

  constructor(view: View, options: MeshOptions, encoder: Encoder) {
    this.#options = options;
    this.#encoder = encoder;
    this.#shared = new SharedConfig(view, options);
    this.#profile = profiles[view.reader];
  }

  update(mesh: Mesh): void {
    this.#outbound = this.#encode(this.#shared.translate(mesh));
    this.#lastSnapshots = this.#snapshots;
    this.#snapshots = new Map();
  }

  snapshotFor(own: OwnInputs): Snapshot {
    const key = JSON.stringify(own);
    const known = this.#snapshots.get(key) ?? this.#create(key, own);
    this.#snapshots.set(key, known);
    return known;
  }

  #create(key: string, inputs: OwnInputs): Snapshot {
    const own = this.#encode(this.#profile.own(inputs, this.#options));
    return combine(this.#outbound ?? own, own, this.#lastSnapshots.get(key));
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

/** Both parts as one snapshot; bundles, and the whole, stay what they were when nothing in them changed. */
function combine(outbound: Encoded, own: Encoded, previous: Snapshot | undefined): Snapshot {
  const bundle = (type: XdsType): Bundle => {
    const resources = [...outbound[type], ...own[type]];
    const known = previous?.[type];
    const same = known !== undefined && sameResources(known, resources);
    return same ? known : createBundle(type, resources);
  };
  const next: Snapshot = {
    cluster: bundle('cluster'),
    endpoint: bundle('endpoint'),
    listener: bundle('listener'),
    route: bundle('route'),
  };
  const unchanged =
    previous !== undefined && sameElements(Object.values(previous), Object.values(next));
  return unchanged ? previous : next;
}

function sameResources(bundle: Bundle, resources: readonly EncodedResource[]): boolean {
  return (
    bundle.resources.size === resources.length &&
    resources.every((resource) => bundle.resources.get(resource.name) === resource)
  );
}
