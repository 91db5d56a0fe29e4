import type { HttpHandler, SocketListener, Tracing } from '../ir/listener.ts';
import {
  HttpConnectionManager_CodecTypeValues,
  HttpConnectionManager_ForwardClientCertDetailsValues,
  HttpConnectionManagerSchema,
} from '../proto/extensions.ts';
import type { HttpConnectionManager } from '../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { CustomTag } from '../proto/generated/envoy/type/tracing/v3/custom_tag_pb.js';
import type { Init } from '../proto/init.ts';
import {
  ZipkinConfig_CollectorEndpointVersionValues,
  ZipkinConfigSchema,
} from '../proto/messages.ts';
import { packAny } from '../proto/writer.ts';
import { accessLog } from './access-log.ts';
import { adsSource } from './config-source.ts';
import { httpFilters } from './http-filters.ts';
import { duration } from './values.ts';

/** An HTTP connection manager, as the configuration of a network filter. */
export function packHttpConnection(
  handler: HttpHandler,
  direction: SocketListener['direction'],
): ReturnType<typeof packAny> {
  const clientCert = HttpConnectionManager_ForwardClientCertDetailsValues;
  return packAny(HttpConnectionManagerSchema, {
    codecType: HttpConnectionManager_CodecTypeValues.AUTO,
    statPrefix: handler.statPrefix,
    routeSpecifier: {
      case: 'rds',
      value: { configSource: adsSource, routeConfigName: handler.routes },
    },
    httpFilters,
    accessLog: [accessLog],
    tracing: handler.tracing === undefined ? undefined : toTracing(handler.tracing),
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    useRemoteAddress: false,
    normalizePath: true,
    // A stream without activity may be a long poll or a gRPC stream; the routes set the limits.
    streamIdleTimeout: duration(0),
    preserveExternalRequestId: true,
    forwardClientCertDetails:
      direction === 'inbound' ? clientCert.APPEND_FORWARD : clientCert.SANITIZE,
  });
}

type TracingInit = NonNullable<Init<HttpConnectionManager>['tracing']>;

function toTracing({ cluster, sampling }: Tracing): TracingInit {
  return {
    clientSampling: { value: 100 },
    randomSampling: { value: sampling },
    overallSampling: { value: 100 },
    customTags: [
      environmentTag('istio.canonical_service', 'CMESH_SERVICE'),
      environmentTag('istio.canonical_revision', 'CMESH_VERSION'),
    ],
    provider: {
      name: 'envoy.tracers.zipkin',
      configType: {
        case: 'typedConfig',
        value: packAny(ZipkinConfigSchema, {
          collectorCluster: cluster,
          collectorEndpoint: '/api/v2/spans',
          collectorEndpointVersion: ZipkinConfig_CollectorEndpointVersionValues.HTTP_JSON,
          traceId128bit: true,
          sharedSpanContext: false,
        }),
      },
    },
  };
}

/** Who the proxy stands for is read from its own environment, so that all proxies share one listener. */
function environmentTag(tag: string, name: string): Init<CustomTag> {
  return { tag, type: { case: 'environment', value: { name, defaultValue: 'unknown' } } };
}
