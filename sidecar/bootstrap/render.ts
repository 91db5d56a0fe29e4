import type { AgentConfig, HostPort } from '../config.ts';
import { type NodeMetadata, formatNodeId, formatNodeMetadata } from '../contract/node.ts';
import { statsMatcher } from './stats.ts';

/** What Envoy needs before it can ask pilot for the rest. */
export interface BootstrapOptions extends Pick<
  AgentConfig,
  'workload' | 'app' | 'namespace' | 'labels' | 'address' | 'pilot'
> {
  readonly ports: {
    readonly admin: number;
    /** Without it nothing but the admin interface serves metrics. */
    readonly prometheus?: number;
  };
  /** Where the admin interface listens; 127.0.0.1 unless told otherwise. */
  readonly adminAddress?: string;
  /** How connections come to the proxy; by the rules of the pod's firewall unless told otherwise. */
  readonly reach?: Omit<NodeMetadata, 'namespace' | 'labels' | 'agentVersion'>;
  /** Version of what renders it, for `cmesh version`. */
  readonly agentVersion?: string;
}

const serviceDomain = 'service.consul';
const types = 'type.googleapis.com/envoy';

/** Connections over this number are refused, so that a flood takes no more memory. Istio leaves it open. */
const maxDownstreamConnections = 20_000;

/** The bootstrap of a sidecar, as envoy.config.bootstrap.v3.Bootstrap in proto3 JSON. */
export function renderBootstrap(options: BootstrapOptions): object {
  const { ports, adminAddress: host = '127.0.0.1' } = options;
  const admin = { host, port: ports.admin };
  const { prometheus } = ports;
  return {
    node: renderNode(options),
    admin: {
      address: socketAddress(admin),
      ignore_global_conn_limit: true,
    },
    dynamic_resources: {
      ads_config: adsConfig,
      cds_config: overAds,
      lds_config: overAds,
    },
    static_resources: {
      clusters: [renderPilotCluster(options.pilot), renderAdminCluster(admin)],
      listeners: prometheus === undefined ? [] : [renderPrometheusListener(prometheus)],
    },
    stats_config: { use_all_default_tags: true, stats_matcher: statsMatcher },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    layered_runtime: { layers: [{ name: 'static', static_layer: runtimeValues }] },
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: {
            '@type': `${types}.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
            max_active_downstream_connections: maxDownstreamConnections,
          },
        },
      ],
    },
  };
}

/** Istio's limit for regular expressions (RE2 program size), which users' rules are written for. */
const runtimeValues = { 're2.max_program_size.error_level': 32768 };

const adsConfig = {
  api_type: 'DELTA_GRPC',
  transport_api_version: 'V3',
  set_node_on_first_message_only: true,
  grpc_services: [
    {
      envoy_grpc: {
        cluster_name: 'xds-grpc',
        // Envoy's own 30 s would leave a restarted pilot without proxies for as long.
        retry_policy: { retry_back_off: { base_interval: '0.250s', max_interval: '1s' } },
      },
    },
  ],
};

/** Without a limit: a sidecar that does not know its configuration must not serve without it. */
const overAds = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

function renderNode(options: BootstrapOptions): object {
  const { workload, app, namespace, labels, address } = options;
  const { reach = { interceptionMode: 'REDIRECT' }, agentVersion } = options;
  const own = agentVersion === undefined ? {} : { agentVersion };
  return {
    id: formatNodeId({
      type: 'sidecar',
      address,
      id: `${workload}.${namespace}`,
      domain: serviceDomain,
    }),
    cluster: app,
    metadata: formatNodeMetadata({ namespace, labels, ...reach, ...own }),
  };
}

function renderPilotCluster(pilot: HostPort): object {
  return {
    name: 'xds-grpc',
    connect_timeout: '2s',
    cluster_type: {
      name: 'envoy.clusters.dns',
      typed_config: {
        '@type': `${types}.extensions.clusters.dns.v3.DnsCluster`,
        // A restarted pilot may have another address; Docker's resolver says 600 s for the old one.
        dns_refresh_rate: '2s',
        respect_dns_ttl: false,
        dns_failure_refresh_rate: { base_interval: '0.250s', max_interval: '2s' },
        // With both families an empty answer for one removed all addresses until Envoy 1.40.
        dns_lookup_family: pilot.host.includes(':') ? 'V6_ONLY' : 'V4_ONLY',
      },
    },
    load_assignment: loadAssignment('xds-grpc', pilot),
    circuit_breakers: {
      thresholds: [{ max_connections: 100_000, max_pending_requests: 100_000 }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${types}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: {
          // Notices within 7 s a pilot that vanished without closing its connections.
          http2_protocol_options: { connection_keepalive: { interval: '3s', timeout: '4s' } },
        },
      },
    },
  };
}

function renderAdminCluster(admin: HostPort): object {
  return {
    name: 'prometheus_stats',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: loadAssignment('prometheus_stats', admin),
  };
}

/** Only the metrics of the admin interface, for scrapers on the network. */
function renderPrometheusListener(port: number): object {
  return {
    name: 'prometheus',
    address: socketAddress({ host: '0.0.0.0', port }),
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': `${types}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
              stat_prefix: 'prometheus',
              route_config: { virtual_hosts: [prometheusHost] },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': `${types}.extensions.filters.http.router.v3.Router` },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

const prometheusHost = {
  name: 'prometheus',
  domains: ['*'],
  routes: [
    {
      match: {
        path: '/stats/prometheus',
        headers: [{ name: ':method', string_match: { exact: 'GET' } }],
      },
      route: { cluster: 'prometheus_stats' },
    },
    {
      match: { path: '/metrics', headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
      route: { cluster: 'prometheus_stats', prefix_rewrite: '/stats/prometheus' },
    },
  ],
};

function loadAssignment(cluster: string, target: HostPort): object {
  return {
    cluster_name: cluster,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(target) } }] }],
  };
}

function socketAddress({ host, port }: HostPort): object {
  return { socket_address: { address: host, port_value: port } };
}
