import { callLoopback } from '../agent/http.ts';
import { OperationError } from '../../kit/errors.ts';

/** What inbound traffic is under way. */
export interface InboundActivity {
  /** Open connections from other workloads. */
  readonly connections: number;
  /** Of those, the ones that carry something now: HTTP connections that wait for a request do not count. */
  readonly busy: number;
}

/** The part of Envoy's admin interface that the agent uses. Every call throws when Envoy does not answer. */
export interface EnvoyAdmin {
  /** Envoy is initialised and accepts traffic. */
  readonly isLive: () => Promise<boolean>;
  /** Envoy has accepted clusters and listeners from pilot at least once since it started. */
  readonly isConfigured: () => Promise<boolean>;
  /** Asks clients to go elsewhere: fails health checks and closes connections after their next response. */
  readonly drainInbound: () => Promise<void>;
  readonly inboundActivity: () => Promise<InboundActivity>;
}

const configured = ['cluster_manager.cds.update_success', 'listener_manager.lds.update_success'];
const inboundConnections = /^listener\..+_15006\.downstream_cx_active$/;
const httpConnections = /^http\.inbound_.+\.downstream_cx_active$/;
const httpRequests = /^http\.inbound_.+\.downstream_rq_active$/;

export function createEnvoyAdmin(port: number): EnvoyAdmin {
  const readStats = async (filter: string): Promise<ReadonlyMap<string, number>> => {
    const path = `/stats?filter=${encodeURIComponent(filter)}`;
    return parseStats((await callLoopback({ port, path })).body);
  };
  return {
    isLive: async () => (await callLoopback({ port, path: '/ready' })).status === 200,
    isConfigured: async () => {
      const stats = await readStats('(cds|lds)\\.update_success$');
      return configured.every((name) => (stats.get(name) ?? 0) > 0);
    },
    drainInbound: async () => {
      await post(port, '/healthcheck/fail');
      await post(port, '/drain_listeners?graceful&inboundonly&skip_exit');
    },
    inboundActivity: async () =>
      measureInbound(await readStats('^(listener|http)\\..*\\.downstream_(cx|rq)_active$')),
  };
}

/** Envoy's text form of its counters and gauges: one `name: value` a line. */
export function parseStats(text: string): ReadonlyMap<string, number> {
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, value] = /^(\S+): (\d+)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(value)] as const];
  });
  return new Map(pairs);
}

/**
 * What is under way on the inbound listener, by the names pilot gives: listener `…_15006`, HTTP `inbound_…`.
 * Where HTTP has no such name its connections count as busy.
 */
export function measureInbound(stats: ReadonlyMap<string, number>): InboundActivity {
  const sum = (pattern: RegExp): number =>
    [...stats].reduce((total, [name, value]) => total + (pattern.test(name) ? value : 0), 0);
  const connections = sum(inboundConnections);
  const idle = Math.max(0, sum(httpConnections) - sum(httpRequests));
  return { connections, busy: Math.max(0, connections - idle) };
}

async function post(port: number, path: string): Promise<void> {
  const { status, body } = await callLoopback({ port, path, method: 'POST' });
  if (status === 200) return;
  throw new OperationError('E_ENVOY_ADMIN', `Envoy answered ${status} to ${path}: ${body.trim()}`);
}
