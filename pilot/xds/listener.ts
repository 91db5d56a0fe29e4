import type {
  FilterChain,
  Listener,
  Sniffing,
  SocketListener,
  TcpHandler,
} from '../ir/listener.ts';
import {
  HttpInspectorSchema,
  OriginalDstSchema,
  ProxyProtocolSchema,
  TcpProxySchema,
  TypedStructSchema,
} from '../proto/extensions.ts';
import type {
  FilterChain as FilterChainMessage,
  ListenerFilter,
  ListenerFilterChainMatchPredicate,
} from '../proto/generated/envoy/config/listener/v3/listener_components_pb.js';
import type { Init } from '../proto/init.ts';
import { ListenerSchema, TrafficDirectionValues } from '../proto/messages.ts';
import { encode, packAny } from '../proto/writer.ts';
import { connectionLog } from './access-log.ts';
import { encodeApiListener } from './api-listener.ts';
import { spoken, toChainMatcher } from './chain-matcher.ts';
import { packHttpConnection } from './http-connection.ts';
import { duration, pipeAddress, socketAddress } from './values.ts';

/** The bytes of an envoy.config.listener.v3.Listener. */
export function encodeListener(listener: Listener): Uint8Array {
  return listener.kind === 'api' ? encodeApiListener(listener) : encodeSocketListener(listener);
}

function encodeSocketListener(listener: SocketListener): Uint8Array {
  const { sniffing, direction, defaultChain } = listener;
  const inbound = direction === 'inbound';
  return encode(ListenerSchema, {
    name: listener.name,
    address:
      listener.socketPath === undefined
        ? socketAddress(listener.address, listener.port)
        : pipeAddress(listener.socketPath),
    trafficDirection: inbound ? TrafficDirectionValues.INBOUND : TrafficDirectionValues.OUTBOUND,
    bindToPort: listener.bindToPort,
    enableReusePort: listener.exclusive === true ? false : undefined,
    useOriginalDst: listener.useOriginalDst ? true : undefined,
    listenerFilters: [
      ...(listener.originalDst ? [originalDst] : []),
      ...(listener.socketPath === undefined ? [] : [proxyProtocol]),
      ...(sniffing.kind === 'http' ? [httpInspector(sniffing.exceptPorts), noteSpoken] : []),
    ],
    ...timeoutOf(sniffing),
    filterChains: listener.chains.map((chain) => toFilterChain(chain, direction)),
    filterChainMatcher: toChainMatcher(listener.chains),
    defaultFilterChain:
      defaultChain === undefined ? undefined : toFilterChain(defaultChain, direction),
  });
}

function timeoutOf(sniffing: Sniffing): {
  readonly listenerFiltersTimeout?: ReturnType<typeof duration>;
  readonly continueOnListenerFiltersTimeout?: boolean;
} {
  if (sniffing.kind === 'off') return {};
  return {
    listenerFiltersTimeout: duration(sniffing.timeoutMs),
    continueOnListenerFiltersTimeout: true,
  };
}

const originalDst: Init<ListenerFilter> = {
  name: 'envoy.filters.listener.original_dst',
  configType: { case: 'typedConfig', value: packAny(OriginalDstSchema, {}) },
};

const proxyProtocol: Init<ListenerFilter> = {
  name: 'envoy.filters.listener.proxy_protocol',
  configType: { case: 'typedConfig', value: packAny(ProxyProtocolSchema, {}) },
};

function httpInspector(exceptPorts: readonly number[]): Init<ListenerFilter> {
  return {
    name: 'envoy.filters.listener.http_inspector',
    configType: { case: 'typedConfig', value: packAny(HttpInspectorSchema, {}) },
    filterDisabled: exceptPorts.length === 0 ? undefined : anyOf(exceptPorts.map(toPortPredicate)),
  };
}

/**
 * Comes after the inspector, so only when that has seen enough. It is there whether a chain asks or not, because a
 * listener whose filters change drains all its connections. The package of the Envoy API lacks its message.
 */
const noteSpoken: Init<ListenerFilter> = {
  name: 'envoy.filters.listener.set_filter_state',
  configType: {
    case: 'typedConfig',
    value: packAny(TypedStructSchema, {
      typeUrl: 'type.googleapis.com/envoy.extensions.filters.listener.set_filter_state.v3.Config',
      value: {
        on_accept: [
          {
            object_key: spoken.key,
            factory_key: 'envoy.string',
            format_string: { text_format_source: { inline_string: spoken.value } },
          },
        ],
      },
    }),
  },
};

/** Envoy wants at least two rules in an or_match. */
function anyOf(
  rules: readonly Init<ListenerFilterChainMatchPredicate>[],
): Init<ListenerFilterChainMatchPredicate> | undefined {
  return rules.length < 2 ? rules[0] : { rule: { case: 'orMatch', value: { rules } } };
}

function toPortPredicate(port: number): Init<ListenerFilterChainMatchPredicate> {
  return { rule: { case: 'destinationPortRange', value: { start: port, end: port + 1 } } };
}

function toFilterChain(
  { name, handler }: FilterChain,
  direction: SocketListener['direction'],
): Init<FilterChainMessage> {
  const filter =
    handler.kind === 'http'
      ? {
          name: 'envoy.filters.network.http_connection_manager',
          value: packHttpConnection(handler, direction),
        }
      : { name: 'envoy.filters.network.tcp_proxy', value: packTcpProxy(handler) };
  return {
    name,
    filters: [{ name: filter.name, configType: { case: 'typedConfig', value: filter.value } }],
  };
}

/** A connection that one member refuses is tried with others before the caller sees it. */
const maxConnectAttempts = 3;

function packTcpProxy({ statPrefix, clusters, origin }: TcpHandler): ReturnType<typeof packAny> {
  const [first] = clusters;
  return packAny(TcpProxySchema, {
    statPrefix,
    accessLog: [connectionLog(origin)],
    maxConnectAttempts,
    clusterSpecifier:
      first !== undefined && clusters.length === 1
        ? { case: 'cluster', value: first.name }
        : { case: 'weightedClusters', value: { clusters } },
  });
}
