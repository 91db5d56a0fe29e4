import type { Table } from './table.ts';
import {
  type DumpedResource,
  type EnvoyJson,
  at,
  isObject,
  listAt,
  readAddress,
  textAt,
} from './dump-sections.ts';
import { compare } from './clusters.ts';

export interface ListenerFilter {
  readonly address?: string;
  readonly port?: number;
  readonly type?: string;
}

/** Where connections that meet a match go. */
interface ChainRow {
  readonly match: string;
  readonly destination: string;
  readonly type: 'HTTP' | 'TCP' | 'OTHER';
}

/** The listeners that meet all conditions. Throws nothing; an unknown type matches none. */
export function filterListeners(
  listeners: readonly DumpedResource[],
  { address, port, type }: ListenerFilter,
): readonly DumpedResource[] {
  return listeners.filter(({ config }) => {
    const own = readAddress(config['address']);
    return (
      (address === undefined || own?.address.toLowerCase() === address.toLowerCase()) &&
      (port === undefined || own?.port === port) &&
      (type === undefined || chainsOf(config).some((chain) => chain.type === type.toUpperCase()))
    );
  });
}

export function tableOfListeners(listeners: readonly DumpedResource[]): Table {
  return {
    columns: ['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'],
    rows: [...listeners]
      .map(({ config }) => ({ own: readAddress(config['address']), config }))
      .sort((left, right) =>
        compare(
          [left.own?.port ?? 0, left.own?.address ?? ''],
          [right.own?.port ?? 0, right.own?.address ?? ''],
        ),
      )
      .flatMap(({ own, config }) =>
        chainsOf(config).map(({ match, destination }) => [
          own?.address ?? '',
          String(own?.port ?? 0),
          match,
          destination,
        ]),
      ),
  };
}

/** The filter chains of a listener in the order in which they are considered. */
function chainsOf(config: EnvoyJson): readonly ChainRow[] {
  const chains = listAt(config, 'filter_chains');
  const fallback = at(config, 'default_filter_chain');
  const matcher = at(config, 'filter_chain_matcher');
  const rows = isObject(matcher)
    ? rowsOfMatcher(matcher, chains)
    : chains.map((chain) => rowOf(chain, describeChainMatch(chain)));
  return isObject(fallback) ? [...rows, rowOf(fallback, 'ALL')] : rows;
}

function rowOf(chain: EnvoyJson, match: string): ChainRow {
  return { match, ...destinationOf(chain) };
}

/**
 * The leaves of a matcher, each with the values on the way to it. Branches with one chain are one row: HTTP/1.0, HTTP/1.1
 * and h2c lead to the same.
 */
function rowsOfMatcher(matcher: EnvoyJson, chains: readonly EnvoyJson[]): readonly ChainRow[] {
  const leaves = leavesOf(matcher, []);
  const grouped = new Map<string, { conditions: Map<string, string[]>; chain: string }>();
  for (const { chain, path } of leaves) {
    const rest = path.filter(({ input }) => input !== 'App');
    const key = JSON.stringify([chain, rest]);
    const group = grouped.get(key) ?? { conditions: new Map<string, string[]>(), chain };
    grouped.set(key, group);
    for (const { input, value } of path) {
      const values = group.conditions.get(input) ?? [];
      if (!values.includes(value)) values.push(value);
      group.conditions.set(input, values);
    }
  }
  return [...grouped.values()].flatMap(({ conditions, chain: name }) => {
    const chain = chains.find((candidate) => candidate['name'] === name);
    const match = [...conditions].map(([input, values]) => `${input}: ${values.join(',')}`);
    return chain === undefined ? [] : [rowOf(chain, match.length === 0 ? 'ALL' : match.join('; '))];
  });
}

interface Leaf {
  readonly chain: string;
  readonly path: readonly { readonly input: string; readonly value: string }[];
}

function leavesOf(matcher: EnvoyJson, path: Leaf['path']): readonly Leaf[] {
  const input = inputName(textAt(matcher, 'matcher_tree', 'input', 'typed_config', '@type') ?? '');
  const map = at(matcher, 'matcher_tree', 'exact_match_map', 'map');
  // Envoy dumps maps in no order.
  const branches = isObject(map) ? Object.entries(map).sort(byValue) : [];
  return [
    ...branches.flatMap(([value, branch]) =>
      onMatch(branch, [...path, { input, value: value.replaceAll("'", '') }]),
    ),
    ...onMatch(
      at(matcher, 'on_no_match'),
      input === caller ? [...path, { input, value: 'silent' }] : path,
    ),
  ];
}

function byValue([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left.localeCompare(right, 'en', { numeric: true });
}

function onMatch(branch: unknown, path: Leaf['path']): readonly Leaf[] {
  const chain = textAt(branch, 'action', 'name');
  if (chain !== undefined) return [{ chain, path }];
  const nested = at(branch, 'matcher');
  return isObject(nested) ? leavesOf(nested, path) : [];
}

/** The one filter state that listeners of the mesh ask for: whether the caller has said something (pilot/xds). */
const caller = 'Caller';

const inputNames: Readonly<Record<string, string>> = {
  DestinationPortInput: 'Port',
  ApplicationProtocolInput: 'App',
  DestinationIPInput: 'Addr',
  FilterStateInput: caller,
};

function inputName(type: string): string {
  const name = type.split('.').at(-1) ?? '';
  return inputNames[name] ?? name.replace(/Input$/, '');
}

/** As istioctl words a FilterChainMatch. */
function describeChainMatch(chain: EnvoyJson): string {
  const match = chain['filter_chain_match'];
  const list = (key: string): string =>
    ((at(match, key) as readonly string[] | undefined) ?? []).join(',');
  const ranges = listAt(match, 'prefix_ranges').map(
    (range) => `${textAt(range, 'address_prefix') ?? ''}/${textAt(range, 'prefix_len') ?? '0'}`,
  );
  const parts = [
    ['SNI', list('server_names')],
    ['Trans', textAt(match, 'transport_protocol') ?? ''],
    ['App', list('application_protocols')],
    ['Addr', ranges.join(',')],
    ['Port', textAt(match, 'destination_port') ?? ''],
  ].filter(([, value]) => value !== '');
  return parts.length === 0 ? 'ALL' : parts.map((part) => part.join(': ')).join('; ');
}

/** What the last filter of a chain does, which is the one that ends the connection. */
function destinationOf(chain: EnvoyJson): Omit<ChainRow, 'match'> {
  for (const filter of listAt(chain, 'filters').toReversed()) {
    const config = at(filter, 'typed_config');
    const type = textAt(config, '@type') ?? '';
    if (type.endsWith('.HttpConnectionManager')) {
      return { destination: describeRoutes(config), type: 'HTTP' };
    }
    if (type.endsWith('.TcpProxy')) return { destination: describeTcp(config), type: 'TCP' };
  }
  return { destination: 'Non-HTTP/Non-TCP', type: 'OTHER' };
}

function describeRoutes(config: unknown): string {
  const name = textAt(config, 'rds', 'route_config_name');
  if (name !== undefined) return `Route: ${name}`;
  const paths = listAt(config, 'route_config', 'virtual_hosts')
    .flatMap((host) => listAt(host, 'routes'))
    .map((route) => textAt(route, 'match', 'path') ?? `${textAt(route, 'match', 'prefix') ?? ''}*`);
  return `Inline Route: ${[...new Set(paths)].join(', ')}`;
}

function describeTcp(config: unknown): string {
  const single = textAt(config, 'cluster');
  // As istioctl: clusters that are no service's stand for themselves.
  if (single !== undefined) return single.includes('Cluster') ? single : `Cluster: ${single}`;
  const clusters = listAt(config, 'weighted_clusters', 'clusters').map(
    (cluster) => `${textAt(cluster, 'name') ?? ''} (${textAt(cluster, 'weight') ?? '0'})`,
  );
  return `Cluster: ${clusters.join(', ')}`;
}
