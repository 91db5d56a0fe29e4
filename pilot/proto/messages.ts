/**
 * The messages and enums of the Envoy API that the project writes or reads, without extensions. Schema values are
 * named as the protobuf library names them; enums end in Values. A file that is missing is added to roots.json.
 */
import type { AccessLog } from './generated/envoy/config/accesslog/v3/accesslog_pb.js';
import type { CircuitBreakers } from './generated/envoy/config/cluster/v3/circuit_breaker_pb.js';
import type {
  Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  Cluster_DnsLookupFamily,
  Cluster_LbSubsetConfig_LbSubsetFallbackPolicy,
} from './generated/envoy/config/cluster/v3/cluster_pb.js';
import type { OutlierDetection } from './generated/envoy/config/cluster/v3/outlier_detection_pb.js';
import type {
  Address,
  SocketAddress_Protocol,
} from './generated/envoy/config/core/v3/address_pb.js';
import type {
  TrafficDirection,
  RoutingPriority,
  Metadata,
  Node,
  DataSource,
} from './generated/envoy/config/core/v3/base_pb.js';
import type {
  ApiVersion,
  ConfigSource,
} from './generated/envoy/config/core/v3/config_source_pb.js';
import type { TypedExtensionConfig } from './generated/envoy/config/core/v3/extension_pb.js';
import type { HealthStatus } from './generated/envoy/config/core/v3/health_check_pb.js';
import type {
  LocalityLbEndpoints,
  LbEndpoint,
} from './generated/envoy/config/endpoint/v3/endpoint_components_pb.js';
import type { ClusterLoadAssignment } from './generated/envoy/config/endpoint/v3/endpoint_pb.js';
import type { ApiListener } from './generated/envoy/config/listener/v3/api_listener_pb.js';
import type {
  FilterChain,
  FilterChainMatch,
  ListenerFilter,
} from './generated/envoy/config/listener/v3/listener_components_pb.js';
import type { Listener } from './generated/envoy/config/listener/v3/listener_pb.js';
import type {
  RBAC as RbacRules,
  Policy as RbacPolicy,
  Permission,
  Principal,
  RBAC_Action as RbacAction,
} from './generated/envoy/config/rbac/v3/rbac_pb.js';
import type {
  VirtualHost,
  Route,
  RouteAction,
  RetryPolicy,
  FilterConfig,
  RedirectAction_RedirectResponseCode,
} from './generated/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from './generated/envoy/config/route/v3/route_pb.js';
import type { OpenTelemetryConfig } from './generated/envoy/config/trace/v3/opentelemetry_pb.js';
import type {
  ZipkinConfig,
  ZipkinConfig_CollectorEndpointVersion,
} from './generated/envoy/config/trace/v3/zipkin_pb.js';
import type {
  DiscoveryRequest,
  DiscoveryResponse,
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  Resource,
} from './generated/envoy/service/discovery/v3/discovery_pb.js';
import type { RegexMatcher } from './generated/envoy/type/matcher/v3/regex_pb.js';
import type { StringMatcher } from './generated/envoy/type/matcher/v3/string_pb.js';
import type {
  FractionalPercent,
  FractionalPercent_DenominatorType,
} from './generated/envoy/type/v3/percent_pb.js';
import { enumType, messageType } from './registry.ts';

// Discovery
export const DiscoveryRequestSchema = messageType<DiscoveryRequest>(
  'envoy.service.discovery.v3.DiscoveryRequest',
);
export const DiscoveryResponseSchema = messageType<DiscoveryResponse>(
  'envoy.service.discovery.v3.DiscoveryResponse',
);
export const DeltaDiscoveryRequestSchema = messageType<DeltaDiscoveryRequest>(
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
);
export const DeltaDiscoveryResponseSchema = messageType<DeltaDiscoveryResponse>(
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
);
export const ResourceSchema = messageType<Resource>('envoy.service.discovery.v3.Resource');

// Clusters and endpoints
export const ClusterSchema = messageType<Cluster>('envoy.config.cluster.v3.Cluster');
export const OutlierDetectionSchema = messageType<OutlierDetection>(
  'envoy.config.cluster.v3.OutlierDetection',
);
export const CircuitBreakersSchema = messageType<CircuitBreakers>(
  'envoy.config.cluster.v3.CircuitBreakers',
);
export const Cluster_DiscoveryTypeValues = enumType<typeof Cluster_DiscoveryType>(
  'envoy.config.cluster.v3.Cluster.DiscoveryType',
);
export const Cluster_LbPolicyValues = enumType<typeof Cluster_LbPolicy>(
  'envoy.config.cluster.v3.Cluster.LbPolicy',
);
export const Cluster_DnsLookupFamilyValues = enumType<typeof Cluster_DnsLookupFamily>(
  'envoy.config.cluster.v3.Cluster.DnsLookupFamily',
);
export const Cluster_LbSubsetConfig_LbSubsetFallbackPolicyValues = enumType<
  typeof Cluster_LbSubsetConfig_LbSubsetFallbackPolicy
>('envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetFallbackPolicy');
export const ClusterLoadAssignmentSchema = messageType<ClusterLoadAssignment>(
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
);
export const LocalityLbEndpointsSchema = messageType<LocalityLbEndpoints>(
  'envoy.config.endpoint.v3.LocalityLbEndpoints',
);
export const LbEndpointSchema = messageType<LbEndpoint>('envoy.config.endpoint.v3.LbEndpoint');

// Listeners
export const ListenerSchema = messageType<Listener>('envoy.config.listener.v3.Listener');
export const FilterChainSchema = messageType<FilterChain>('envoy.config.listener.v3.FilterChain');
export const FilterChainMatchSchema = messageType<FilterChainMatch>(
  'envoy.config.listener.v3.FilterChainMatch',
);
export const ListenerFilterSchema = messageType<ListenerFilter>(
  'envoy.config.listener.v3.ListenerFilter',
);
export const ApiListenerSchema = messageType<ApiListener>('envoy.config.listener.v3.ApiListener');
export const AddressSchema = messageType<Address>('envoy.config.core.v3.Address');
export const HealthStatusValues = enumType<typeof HealthStatus>(
  'envoy.config.core.v3.HealthStatus',
);
export const TrafficDirectionValues = enumType<typeof TrafficDirection>(
  'envoy.config.core.v3.TrafficDirection',
);
export const ApiVersionValues = enumType<typeof ApiVersion>('envoy.config.core.v3.ApiVersion');
export const RoutingPriorityValues = enumType<typeof RoutingPriority>(
  'envoy.config.core.v3.RoutingPriority',
);
export const SocketAddress_ProtocolValues = enumType<typeof SocketAddress_Protocol>(
  'envoy.config.core.v3.SocketAddress.Protocol',
);
export const MetadataSchema = messageType<Metadata>('envoy.config.core.v3.Metadata');
export const TypedExtensionConfigSchema = messageType<TypedExtensionConfig>(
  'envoy.config.core.v3.TypedExtensionConfig',
);
export const NodeSchema = messageType<Node>('envoy.config.core.v3.Node');
export const ConfigSourceSchema = messageType<ConfigSource>('envoy.config.core.v3.ConfigSource');
export const DataSourceSchema = messageType<DataSource>('envoy.config.core.v3.DataSource');

// Routes
export const RouteConfigurationSchema = messageType<RouteConfiguration>(
  'envoy.config.route.v3.RouteConfiguration',
);
export const VirtualHostSchema = messageType<VirtualHost>('envoy.config.route.v3.VirtualHost');
export const RouteSchema = messageType<Route>('envoy.config.route.v3.Route');
export const RouteActionSchema = messageType<RouteAction>('envoy.config.route.v3.RouteAction');
export const RetryPolicySchema = messageType<RetryPolicy>('envoy.config.route.v3.RetryPolicy');
export const FilterConfigSchema = messageType<FilterConfig>('envoy.config.route.v3.FilterConfig');
export const RedirectAction_RedirectResponseCodeValues = enumType<
  typeof RedirectAction_RedirectResponseCode
>('envoy.config.route.v3.RedirectAction.RedirectResponseCode');
export const FractionalPercentSchema = messageType<FractionalPercent>(
  'envoy.type.v3.FractionalPercent',
);
export const FractionalPercent_DenominatorTypeValues = enumType<
  typeof FractionalPercent_DenominatorType
>('envoy.type.v3.FractionalPercent.DenominatorType');
export const StringMatcherSchema = messageType<StringMatcher>(
  'envoy.type.matcher.v3.StringMatcher',
);
export const RegexMatcherSchema = messageType<RegexMatcher>('envoy.type.matcher.v3.RegexMatcher');

// Security
export const RbacRulesSchema = messageType<RbacRules>('envoy.config.rbac.v3.RBAC');
export const RbacPolicySchema = messageType<RbacPolicy>('envoy.config.rbac.v3.Policy');
export const PermissionSchema = messageType<Permission>('envoy.config.rbac.v3.Permission');
export const PrincipalSchema = messageType<Principal>('envoy.config.rbac.v3.Principal');
export const RbacActionValues = enumType<typeof RbacAction>('envoy.config.rbac.v3.RBAC.Action');

// Access logs and tracing
export const AccessLogSchema = messageType<AccessLog>('envoy.config.accesslog.v3.AccessLog');
export const ZipkinConfigSchema = messageType<ZipkinConfig>('envoy.config.trace.v3.ZipkinConfig');
export const OpenTelemetryConfigSchema = messageType<OpenTelemetryConfig>(
  'envoy.config.trace.v3.OpenTelemetryConfig',
);
export const ZipkinConfig_CollectorEndpointVersionValues = enumType<
  typeof ZipkinConfig_CollectorEndpointVersion
>('envoy.config.trace.v3.ZipkinConfig.CollectorEndpointVersion');
