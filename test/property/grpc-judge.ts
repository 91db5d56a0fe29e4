import { register } from '@grpc/grpc-js-xds';
import { ClusterResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/cluster-resource-type.js';
import { EndpointResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type.js';
import { ListenerResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/listener-resource-type.js';
import { RouteConfigurationResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js';
import {
  type EncodedResource,
  type Snapshot,
  type XdsType,
  xdsTypes,
} from '../../pilot/xds/resource.ts';

type Decode = ClusterResourceType['decode'];
type Context = Parameters<Decode>[0];

/**
 * What a program with gRPC's own xDS client (grpc-js) says of a snapshot. Its rules are asked one resource at a time:
 * a client would ask only for what it calls, and these are all that pilot would give to any.
 */
export class GrpcJudge {
  readonly #readers: Readonly<Record<XdsType, { readonly decode: Decode }>>;
  /** Of the resources of the last snapshot, by type and version: equal bytes have equal faults. */
  #known = new Map<string, readonly string[]>();

  constructor() {
    // Knows the filters and load balancers that the rules ask for.
    register();
    this.#readers = {
      cluster: ClusterResourceType.get(),
      endpoint: EndpointResourceType.get(),
      listener: ListenerResourceType.get(),
      route: RouteConfigurationResourceType.get(),
    };
  }

  /** What is refused, one line each. */
  judge(snapshot: Snapshot): readonly string[] {
    const known = new Map<string, readonly string[]>();
    for (const type of Object.keys(snapshot) as XdsType[]) {
      for (const resource of snapshot[type].resources.values()) {
        const key = `${type} ${resource.name} ${resource.version}`;
        known.set(key, this.#known.get(key) ?? this.#read(type, resource));
      }
    }
    this.#known = known;
    return [...known.values()].flat();
  }

  #read(type: XdsType, { name, value }: EncodedResource): readonly string[] {
    const any = { type_url: xdsTypes[type], value: Buffer.from(value) };
    const { error } = this.#readers[type].decode(context, any);
    return error === undefined ? [] : [`gRPC refuses ${type} ${name}: ${error}`];
  }
}

/** A client without certificates and without a server that it reports its load to. */
const context = { server: {}, bootstrap: { certificateProviders: {} } } as unknown as Context;
