/**
 * What pilot serves about its inside, for tools: how far each proxy is, and what it is to run, in the shapes of Istio's
 * /debug/syncz and of Envoy's admin interface. Called by the composition root; `cmesh` reads it.
 */
import type { JsonObject, Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
} from '../proto/messages.ts';
import { decode, toProtoJson } from '../proto/reader.ts';
import {
  type Bundle,
  type EncodedResource,
  type Snapshot,
  type XdsType,
  xdsTypes,
} from '../xds/resource.ts';

/** An answer of Envoy's `/config_dump` (envoy.admin.v3.ConfigDump), with what is dynamic only. */
export interface ConfigDump {
  readonly configs: readonly Readonly<Record<string, unknown>>[];
}

const admin = 'type.googleapis.com/envoy.admin.v3';

/** A snapshot as the Envoy that runs it would dump it. */
export function dumpSnapshot(snapshot: Snapshot): ConfigDump {
  return {
    configs: [
      {
        '@type': `${admin}.ClustersConfigDump`,
        dynamic_active_clusters: dumpBundle(snapshot.cluster, 'cluster'),
      },
      {
        '@type': `${admin}.ListenersConfigDump`,
        dynamic_listeners: [...snapshot.listener.resources.values()].map((resource) => ({
          name: resource.name,
          active_state: dumpResource(resource, 'listener', 'listener'),
        })),
      },
      {
        '@type': `${admin}.RoutesConfigDump`,
        dynamic_route_configs: dumpBundle(snapshot.route, 'route_config'),
      },
      {
        '@type': `${admin}.EndpointsConfigDump`,
        dynamic_endpoint_configs: dumpBundle(snapshot.endpoint, 'endpoint_config'),
      },
    ],
  };
}

/** One resource as protobuf JSON with the names of the .proto files. */
export function resourceToJson(type: XdsType, { value }: EncodedResource): JsonObject {
  return readers[type](value);
}

const readers: Readonly<Record<XdsType, (bytes: Uint8Array) => JsonObject>> = {
  cluster: reader(ClusterSchema),
  endpoint: reader(ClusterLoadAssignmentSchema),
  listener: reader(ListenerSchema),
  route: reader(RouteConfigurationSchema),
};

function reader<T extends Message>(schema: GenMessage<T>): (bytes: Uint8Array) => JsonObject {
  return (bytes) => toProtoJson(schema, decode(schema, bytes)) as JsonObject;
}

function dumpBundle({ type, resources }: Bundle, key: string): readonly object[] {
  return [...resources.values()].map((resource) => dumpResource(resource, type, key));
}

function dumpResource(resource: EncodedResource, type: XdsType, key: string): object {
  return {
    version_info: resource.version,
    [key]: { '@type': xdsTypes[type], ...resourceToJson(type, resource) },
  };
}
