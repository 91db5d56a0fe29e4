/** The xDS resources pilot serves, encoded: what translation hands to delivery. */

export const xdsTypes = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
} as const;

export type XdsType = keyof typeof xdsTypes;

/** One resource, encoded once however many proxies get it. Immutable; shared by identity. */
export interface EncodedResource {
  readonly name: string;
  /** Content hash of `value`: equal bytes, equal version, on every pilot. */
  readonly version: string;
  /** The message's protobuf bytes, without the Any around them. */
  readonly value: Uint8Array;
}

/** All resources of one type for one kind of proxy. Immutable; proxies with the same view share it. */
export interface Bundle {
  readonly type: XdsType;
  /** Hash over names and versions. */
  readonly version: string;
  /** By name, sorted by name. */
  readonly resources: ReadonlyMap<string, EncodedResource>;
}

/** Everything one proxy is to run. */
export type Snapshot = Readonly<Record<XdsType, Bundle>>;
