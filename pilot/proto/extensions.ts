/** The messages of Envoy extensions that the project writes: what goes into an Any. Named as in messages.ts. */
import type { FileAccessLog } from './generated/envoy/extensions/access_loggers/file/v3/file_pb.js';
import type {
  HttpGrpcAccessLogConfig,
  TcpGrpcAccessLogConfig,
} from './generated/envoy/extensions/access_loggers/grpc/v3/als_pb.js';
import type { StdoutAccessLog } from './generated/envoy/extensions/access_loggers/stream/v3/stream_pb.js';
import type { ClusterConfig as AggregateCluster } from './generated/envoy/extensions/clusters/aggregate/v3/cluster_pb.js';
import type { Gzip } from './generated/envoy/extensions/compression/gzip/compressor/v3/gzip_pb.js';
import type { AdaptiveConcurrency } from './generated/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import type { AdmissionControl } from './generated/envoy/extensions/filters/http/admission_control/v3/admission_control_pb.js';
import type {
  Buffer as HttpBuffer,
  BufferPerRoute as HttpBufferPerRoute,
} from './generated/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import type {
  Compressor,
  CompressorPerRoute,
} from './generated/envoy/extensions/filters/http/compressor/v3/compressor_pb.js';
import type {
  Cors,
  CorsPolicy,
} from './generated/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import type { CustomResponse } from './generated/envoy/extensions/filters/http/custom_response/v3/custom_response_pb.js';
import type {
  ExtAuthz,
  ExtAuthzPerRoute,
} from './generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.js';
import type { HTTPFault as HttpFault } from './generated/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import type { FilterConfig as GrpcStats } from './generated/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js';
import type { GrpcWeb } from './generated/envoy/extensions/filters/http/grpc_web/v3/grpc_web_pb.js';
import type {
  HeaderMutation,
  HeaderMutationPerRoute,
} from './generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import type { Config as HeaderToMetadata } from './generated/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js';
import type {
  JwtAuthentication,
  PerRouteConfig as JwtPerRoute,
} from './generated/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { LocalRateLimit } from './generated/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import type { Lua, LuaPerRoute } from './generated/envoy/extensions/filters/http/lua/v3/lua_pb.js';
import type { RateLimitQuotaFilterConfig } from './generated/envoy/extensions/filters/http/rate_limit_quota/v3/rate_limit_quota_pb.js';
import type {
  RBAC as HttpRbac,
  RBACPerRoute as HttpRbacPerRoute,
} from './generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import type { Router } from './generated/envoy/extensions/filters/http/router/v3/router_pb.js';
import type { Config as SetFilterState } from './generated/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import type {
  StatefulSession,
  StatefulSessionPerRoute,
} from './generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.js';
import type { HttpInspector } from './generated/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import type { OriginalDst } from './generated/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import type { ProxyProtocol } from './generated/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.js';
import type { TlsInspector } from './generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import type {
  HttpConnectionManager,
  HttpFilter,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_Tracing_OperationName,
} from './generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { MongoProxy } from './generated/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js';
import type { RBAC as NetworkRbac } from './generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import type { RedisProxy } from './generated/envoy/extensions/filters/network/redis_proxy/v3/redis_proxy_pb.js';
import type { TcpProxy } from './generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import type { LocalResponsePolicy } from './generated/envoy/extensions/http/custom_response/local_response_policy/v3/local_response_policy_pb.js';
import type { LeastRequest } from './generated/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.js';
import type { Maglev } from './generated/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.js';
import type { Random } from './generated/envoy/extensions/load_balancing_policies/random/v3/random_pb.js';
import type { RingHash } from './generated/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.js';
import type { RoundRobin } from './generated/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.js';
import type { Descriptor as ExprDescriptor } from './generated/envoy/extensions/rate_limit_descriptors/expr/v3/expr_pb.js';
import type { PreviousHostsPredicate } from './generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import type { RawBuffer } from './generated/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';
import type { Secret } from './generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type {
  DownstreamTlsContext,
  UpstreamTlsContext,
  CommonTlsContext,
} from './generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { HttpProtocolOptions } from './generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { TypedStruct } from './generated/xds/type/v3/typed_struct_pb.js';
import { enumType, messageType } from './registry.ts';

// Clusters and endpoints
export const AggregateClusterSchema = messageType<AggregateCluster>(
  'envoy.extensions.clusters.aggregate.v3.ClusterConfig',
);
export const HttpProtocolOptionsSchema = messageType<HttpProtocolOptions>(
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
);
export const RoundRobinSchema = messageType<RoundRobin>(
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
);
export const LeastRequestSchema = messageType<LeastRequest>(
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
);
export const RandomSchema = messageType<Random>(
  'envoy.extensions.load_balancing_policies.random.v3.Random',
);
export const RingHashSchema = messageType<RingHash>(
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
);
export const MaglevSchema = messageType<Maglev>(
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev',
);

// Listeners
export const OriginalDstSchema = messageType<OriginalDst>(
  'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
);
export const HttpInspectorSchema = messageType<HttpInspector>(
  'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
);
export const TlsInspectorSchema = messageType<TlsInspector>(
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
);
export const ProxyProtocolSchema = messageType<ProxyProtocol>(
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
);
export const HttpConnectionManagerSchema = messageType<HttpConnectionManager>(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
);
export const HttpFilterSchema = messageType<HttpFilter>(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter',
);
export const HttpConnectionManager_CodecTypeValues = enumType<
  typeof HttpConnectionManager_CodecType
>('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType');
export const HttpConnectionManager_ForwardClientCertDetailsValues = enumType<
  typeof HttpConnectionManager_ForwardClientCertDetails
>(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails',
);
export const HttpConnectionManager_Tracing_OperationNameValues = enumType<
  typeof HttpConnectionManager_Tracing_OperationName
>(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing.OperationName',
);
export const TcpProxySchema = messageType<TcpProxy>(
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
);
export const NetworkRbacSchema = messageType<NetworkRbac>(
  'envoy.extensions.filters.network.rbac.v3.RBAC',
);
export const RedisProxySchema = messageType<RedisProxy>(
  'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
);
export const MongoProxySchema = messageType<MongoProxy>(
  'envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy',
);

// Routes
export const PreviousHostsPredicateSchema = messageType<PreviousHostsPredicate>(
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
);

// HTTP filters
export const RouterSchema = messageType<Router>('envoy.extensions.filters.http.router.v3.Router');
export const CorsSchema = messageType<Cors>('envoy.extensions.filters.http.cors.v3.Cors');
export const CorsPolicySchema = messageType<CorsPolicy>(
  'envoy.extensions.filters.http.cors.v3.CorsPolicy',
);
export const HttpFaultSchema = messageType<HttpFault>(
  'envoy.extensions.filters.http.fault.v3.HTTPFault',
);
export const HttpRbacSchema = messageType<HttpRbac>('envoy.extensions.filters.http.rbac.v3.RBAC');
export const HttpRbacPerRouteSchema = messageType<HttpRbacPerRoute>(
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute',
);
export const LocalRateLimitSchema = messageType<LocalRateLimit>(
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
);
export const HeaderMutationSchema = messageType<HeaderMutation>(
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
);
export const HeaderMutationPerRouteSchema = messageType<HeaderMutationPerRoute>(
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute',
);
export const HeaderToMetadataSchema = messageType<HeaderToMetadata>(
  'envoy.extensions.filters.http.header_to_metadata.v3.Config',
);
export const CustomResponseSchema = messageType<CustomResponse>(
  'envoy.extensions.filters.http.custom_response.v3.CustomResponse',
);
export const LocalResponsePolicySchema = messageType<LocalResponsePolicy>(
  'envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy',
);
export const HttpBufferSchema = messageType<HttpBuffer>(
  'envoy.extensions.filters.http.buffer.v3.Buffer',
);
export const HttpBufferPerRouteSchema = messageType<HttpBufferPerRoute>(
  'envoy.extensions.filters.http.buffer.v3.BufferPerRoute',
);
export const JwtAuthenticationSchema = messageType<JwtAuthentication>(
  'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
);
export const JwtPerRouteSchema = messageType<JwtPerRoute>(
  'envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig',
);
export const ExtAuthzSchema = messageType<ExtAuthz>(
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
);
export const ExtAuthzPerRouteSchema = messageType<ExtAuthzPerRoute>(
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
);
export const LuaSchema = messageType<Lua>('envoy.extensions.filters.http.lua.v3.Lua');
export const LuaPerRouteSchema = messageType<LuaPerRoute>(
  'envoy.extensions.filters.http.lua.v3.LuaPerRoute',
);
export const StatefulSessionSchema = messageType<StatefulSession>(
  'envoy.extensions.filters.http.stateful_session.v3.StatefulSession',
);
export const StatefulSessionPerRouteSchema = messageType<StatefulSessionPerRoute>(
  'envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute',
);
export const GrpcStatsSchema = messageType<GrpcStats>(
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig',
);
export const GrpcWebSchema = messageType<GrpcWeb>(
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb',
);
export const CompressorSchema = messageType<Compressor>(
  'envoy.extensions.filters.http.compressor.v3.Compressor',
);
export const CompressorPerRouteSchema = messageType<CompressorPerRoute>(
  'envoy.extensions.filters.http.compressor.v3.CompressorPerRoute',
);
export const GzipSchema = messageType<Gzip>('envoy.extensions.compression.gzip.compressor.v3.Gzip');
export const SetFilterStateSchema = messageType<SetFilterState>(
  'envoy.extensions.filters.http.set_filter_state.v3.Config',
);
export const AdaptiveConcurrencySchema = messageType<AdaptiveConcurrency>(
  'envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency',
);
export const AdmissionControlSchema = messageType<AdmissionControl>(
  'envoy.extensions.filters.http.admission_control.v3.AdmissionControl',
);
export const RateLimitQuotaFilterConfigSchema = messageType<RateLimitQuotaFilterConfig>(
  'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig',
);
export const ExprDescriptorSchema = messageType<ExprDescriptor>(
  'envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor',
);

// Security
export const DownstreamTlsContextSchema = messageType<DownstreamTlsContext>(
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
);
export const UpstreamTlsContextSchema = messageType<UpstreamTlsContext>(
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
);
export const CommonTlsContextSchema = messageType<CommonTlsContext>(
  'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext',
);
export const SecretSchema = messageType<Secret>('envoy.extensions.transport_sockets.tls.v3.Secret');
export const RawBufferSchema = messageType<RawBuffer>(
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
);

// Access logs and tracing
export const FileAccessLogSchema = messageType<FileAccessLog>(
  'envoy.extensions.access_loggers.file.v3.FileAccessLog',
);
export const StdoutAccessLogSchema = messageType<StdoutAccessLog>(
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
);
export const HttpGrpcAccessLogConfigSchema = messageType<HttpGrpcAccessLogConfig>(
  'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
);
export const TcpGrpcAccessLogConfigSchema = messageType<TcpGrpcAccessLogConfig>(
  'envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig',
);

// Any config of a newer Envoy than the schema
export const TypedStructSchema = messageType<TypedStruct>('xds.type.v3.TypedStruct');
