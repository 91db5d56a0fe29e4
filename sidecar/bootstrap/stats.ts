/**
 * Which statistics Envoy keeps. Everything of every cluster would be half of Envoy's memory in a mesh of a
 * thousand services; these are the ones that dashboards, `proxy-status` and the agent read.
 */

/** Statistics of Envoy itself and of listeners; few, whatever the size of the mesh. */
const prefixes = [
  'cluster.xds-grpc.',
  'cluster_manager.',
  'control_plane.',
  'http.',
  'istio',
  'listener.',
  'listener_manager.',
  'server.',
  'tcp.',
  'wasmcustom.',
];

/** Statistics of each cluster, by the last part of the name. */
const clusterSuffixes = [
  'bind_errors',
  'membership_healthy',
  'membership_total',
  'outlier_detection.ejections_active',
  'outlier_detection.ejections_enforced_total',
  'ssl.connection_error',
  'ssl.handshake',
  'upstream_cx_active',
  'upstream_cx_connect_fail',
  'upstream_cx_connect_timeout',
  'upstream_cx_overflow',
  'upstream_cx_rx_bytes_total',
  'upstream_cx_total',
  'upstream_cx_tx_bytes_total',
  'upstream_rq_1xx',
  'upstream_rq_2xx',
  'upstream_rq_3xx',
  'upstream_rq_4xx',
  'upstream_rq_5xx',
  'upstream_rq_active',
  'upstream_rq_active_overflow',
  'upstream_rq_pending_overflow',
  'upstream_rq_retry',
  'upstream_rq_retry_success',
  'upstream_rq_time',
  'upstream_rq_timeout',
  'upstream_rq_total',
];

export const statsMatcher = {
  inclusion_list: {
    patterns: [
      ...prefixes.map((prefix) => ({ prefix })),
      ...clusterSuffixes.map((suffix) => ({ suffix: `.${suffix}` })),
    ],
  },
};
