import { OperationError } from '../kit/errors.ts';
import { type Connection, messageOf } from '../pilot/client/connection.ts';
import type { ConfigDump } from '../pilot/debug/config-dump.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import type { Endpoint, Service } from '../pilot/model/service.ts';
import type { Rule } from '../pilot/model/mesh.ts';
import type { DestinationRuleSpec } from '../pilot/api/destination-rule-schema.ts';
import type { VirtualServiceSpec } from '../pilot/api/virtual-service-schema.ts';
import type { LocalView } from '../local/view.ts';
import type { Problem } from '../kit/problem.ts';

/** Asks pilot for a path. Undefined where there is nothing; throws OperationError when pilot does not answer or refuses. */
type AskPilot = (path: string) => Promise<unknown>;

/** A rule in force, as /debug/rules shows it. */
export type ShownRule = Rule<VirtualServiceSpec> | Rule<DestinationRuleSpec>;

/** What pilot shows of a running mesh. */
export interface MeshView {
  readonly ask: AskPilot;
  /** By name. */
  readonly syncs: () => Promise<readonly ProxySync[]>;
  /** What a proxy is to run; undefined when it is not connected. */
  readonly wanted: (node: string) => Promise<ConfigDump | undefined>;
  readonly services: () => Promise<readonly Service[]>;
  /** By host name; those that get calls. */
  readonly endpoints: () => Promise<Readonly<Record<string, readonly Endpoint[]>>>;
  readonly rules: () => Promise<readonly ShownRule[]>;
  readonly problems: () => Promise<readonly Problem[]>;
  readonly version: () => Promise<string | undefined>;
  /** Undefined where the mesh is no embedded one. */
  readonly local: () => Promise<LocalView | undefined>;
}

/** The views of the pilot at the other end of a connection. Its calls throw what `Connection.ask` throws. */
export function viewMesh(connection: Pick<Connection, 'ask' | 'address'>): MeshView {
  const ask = askPilot(connection);
  const need = async <T>(name: string): Promise<T> => {
    const value = await ask(`/debug/${name}`);
    if (value !== undefined) return value as T;
    const text = `${connection.address.url} has no /debug/${name}: is that a pilot of composemesh, and not older than this cmesh?`;
    throw new OperationError('E_PILOT_VIEW', text);
  };
  return {
    ask,
    syncs: async () => (await need<readonly ProxySync[]>('syncz')).toSorted(byName),
    wanted: async (node) =>
      (await ask(`/debug/config_dump?proxyID=${encodeURIComponent(node)}`)) as
        ConfigDump | undefined,
    services: () => need('services'),
    endpoints: () => need('endpoints'),
    rules: () => need('rules'),
    problems: () => need('problems'),
    version: async () =>
      ((await ask('/debug/version')) as { readonly version: string } | undefined)?.version,
    local: async () => (await ask('/debug/local')) as LocalView | undefined,
  };
}

function byName(left: ProxySync, right: ProxySync): number {
  return left.proxy < right.proxy ? -1 : 1;
}

/** Dumps of a big mesh take a while, in ms. */
const patience = 30_000;

function askPilot(connection: Pick<Connection, 'ask' | 'address'>): AskPilot {
  return async (path) => {
    const { status, body } = await connection.ask({ path, timeout: patience });
    if (status === 404 || body === null) return undefined;
    if (status === 200) return body;
    const said = messageOf(body) ?? `status ${status}`;
    throw new OperationError('E_PILOT_VIEW', `${connection.address.url}${path} answers: ${said}`);
  };
}

/** A rule with subsets or a policy, and not routes. */
export function isDestinationRule(rule: ShownRule): rule is Rule<DestinationRuleSpec> {
  return 'host' in rule.spec;
}
