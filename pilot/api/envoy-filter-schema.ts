import { targetRefs } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { anyFields, choice, int32, list, message, text, textMap, uint32 } from './schema.ts';
import { workloadSelector } from './workload-selector.ts';

/** The fields of Istio's EnvoyFilter (istio/api networking/v1alpha3/envoy_filter.proto). */

const filter = message('A filter of the chain.', {
  name: text('Its name.'),
  subFilter: message('A filter inside of it, for HTTP filters.', { name: text('Its name.') }),
});

const portNumber = uint32('Port of the service or gateway.');

const listener = message('Matches listeners.', {
  portNumber,
  portName: text('Not used by Istio.'),
  filterChain: message('A chain of the listener.', {
    name: text('Its name.'),
    sni: text('Server name it is for.'),
    transportProtocol: text('raw_buffer or tls.'),
    transportSocket: text('Name of the transport socket of the chain.'),
    applicationProtocols: text('Application protocols, separated by commas.'),
    filter,
    destinationPort: uint32('Port of the destination.'),
  }),
  listenerFilter: text('Name of a listener filter.'),
  name: text('Name of the listener.'),
});

const routeConfiguration = message('Matches route tables.', {
  portNumber,
  portName: text('Name of the port.'),
  gateway: text('Gateway it belongs to, as NAMESPACE/NAME.'),
  vhost: message('A virtual host.', {
    name: text('Its name, as HOST:PORT.'),
    domainName: text('A domain of it.'),
    route: message('A route of it.', {
      name: text('Its name.'),
      action: choice('What the route does.', ['ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE']),
    }),
  }),
  name: text('Name of the route table.'),
});

const match = message(
  'What is patched; set one of listener, routeConfiguration, cluster, waypoint.',
  {
    context: choice('Which traffic it is about. Default ANY.', [
      'ANY',
      'SIDECAR_INBOUND',
      'SIDECAR_OUTBOUND',
      'GATEWAY',
      'WAYPOINT',
    ]),
    proxy: message('Which proxies it is about.', {
      proxyVersion: text('RE2 expression for the version of the proxy.'),
      metadata: textMap('Metadata that the proxy must have.'),
    }),
    listener,
    routeConfiguration,
    cluster: message('Matches clusters.', {
      portNumber,
      service: text('Host name of the service.'),
      subset: text('Subset of the service.'),
      name: text('Name of the cluster.'),
    }),
    waypoint: message('Matches waypoints.', {
      portNumber,
      filter,
      route: message('A route of it.', { name: text('Its name.') }),
    }),
  },
);

const patch = message('How it is patched.', {
  operation: choice('What is done.', [
    'INVALID',
    'MERGE',
    'ADD',
    'REMOVE',
    'INSERT_BEFORE',
    'INSERT_AFTER',
    'INSERT_FIRST',
    'REPLACE',
    'MERGE_AND_REPLACE_LIST',
  ]),
  value: anyFields('The configuration of Envoy, in the JSON form of its protobuf messages.'),
  filterClass: choice('Where among the filters of the mesh an added one stands.', [
    'UNSPECIFIED',
    'AUTHN',
    'AUTHZ',
    'STATS',
  ]),
});

const configPatch = message('One patch.', {
  applyTo: choice('What kind of configuration is patched.', [
    'INVALID',
    'LISTENER',
    'FILTER_CHAIN',
    'NETWORK_FILTER',
    'HTTP_FILTER',
    'ROUTE_CONFIGURATION',
    'VIRTUAL_HOST',
    'HTTP_ROUTE',
    'CLUSTER',
    'EXTENSION_CONFIG',
    'BOOTSTRAP',
    'LISTENER_FILTER',
  ]),
  match,
  patch,
});

export const envoyFilterSchema = message('Changes of what is sent to Envoy.', {
  workloadSelector,
  targetRefs,
  configPatches: list('Patches, in order.', configPatch),
  priority: int32('Order among the filters of a namespace; smaller ones go first. Default 0.'),
});

export type EnvoyFilterSpec = Decoded<typeof envoyFilterSchema>;
export type ConfigPatch = Decoded<typeof configPatch>;
