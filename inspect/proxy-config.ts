import { stringify } from 'yaml';
import { OperationError } from '../kit/errors.ts';
import { exitCodes } from '../kit/exit-code.ts';
import type { Terminal } from '../kit/terminal.ts';
import { filterClusters, tableOfClusters } from './clusters.ts';
import { type DumpSections, type DumpedResource, at, textAt } from './dump-sections.ts';
import { filterEndpoints, tableOfEndpoints } from './endpoints.ts';
import { filterListeners, tableOfListeners } from './listeners.ts';
import { formatLevels, parseLevels, readLevels, setLevels } from './log-levels.ts';
import type { MeshView } from './mesh-view.ts';
import { type ProxyFlags, type ProxySource, openSource } from './proxy-source.ts';
import { filterRoutes, tableOfRoutes } from './routes.ts';
import { tableOfSecrets } from './secrets.ts';
import { type Table, formatTable } from './table.ts';

export type ConfigSection =
  'all' | 'bootstrap' | 'clusters' | 'endpoints' | 'listeners' | 'log' | 'routes' | 'secret';

/** The options of all sections; each has its own among them. */
export interface ProxyConfigFlags extends ProxyFlags {
  readonly output: string;
  readonly fqdn?: string;
  readonly port?: string;
  readonly direction?: string;
  readonly subset?: string;
  readonly address?: string;
  readonly type?: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly status?: string;
  readonly level?: string;
  readonly reset?: true;
}

export interface ProxyConfigOptions {
  readonly terminal: Terminal;
  readonly mesh: () => MeshView;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * `cmesh proxy-config SECTION [NAME]`: shows a part of what an Envoy runs, or its log levels, which it sets too. Throws
 * OperationError; the result is the exit code.
 */
export async function runProxyConfig(
  section: ConfigSection,
  name: string | undefined,
  flags: ProxyConfigFlags,
  { terminal, mesh, now }: ProxyConfigOptions,
): Promise<number> {
  checkOutput(flags.output, section);
  const filters = readFilters(flags);
  const source = await openSource(name, flags, { mesh, readInput: terminal.readInput });
  terminal.print(await show(section, source, filters, now));
  return exitCodes.done;
}

type Filters = Omit<ProxyConfigFlags, 'port'> & { readonly port?: number };

const directions = ['inbound', 'outbound'];
const listenerTypes = ['http', 'tcp'];

function readFilters({ port, ...flags }: ProxyConfigFlags): Filters {
  const { direction, type } = flags;
  if (direction !== undefined && !directions.includes(direction.toLowerCase())) {
    throw new OperationError(
      'E_USAGE',
      `--direction "${direction}" is neither inbound nor outbound`,
    );
  }
  if (type !== undefined && !listenerTypes.includes(type.toLowerCase())) {
    throw new OperationError('E_USAGE', `--type "${type}" is neither HTTP nor TCP`);
  }
  if (port === undefined) return flags;
  if (/^\d{1,5}$/.test(port)) return { ...flags, port: Number(port) };
  throw new OperationError('E_USAGE', `--port "${port}" is not a port number`);
}

function checkOutput(output: string, section: ConfigSection): void {
  const allowed = ['short', 'json', 'yaml'];
  if (allowed.includes(output)) return;
  throw new OperationError(
    'E_USAGE',
    `-o "${output}" is not there for ${section}: it is one of ${allowed.join(', ')}`,
  );
}

async function show(
  section: ConfigSection,
  source: ProxySource,
  filters: Filters,
  now: number,
): Promise<string> {
  switch (section) {
    case 'log':
      return showLevels(source, filters);
    case 'endpoints':
      return showEndpoints(source, filters);
    case 'all':
      return filters.output === 'short'
        ? showAll(source, filters, now)
        : format(JSON.parse(await source.dumpText()), filters.output);
    case 'bootstrap':
      return showBootstrap(await source.sections(), filters.output);
    case 'clusters':
    case 'listeners':
    case 'routes':
    case 'secret':
      return showResources(section, source, filters, now);
  }
}

type ListedSection = Exclude<ConfigSection, 'log' | 'endpoints' | 'all' | 'bootstrap'>;

async function showResources(
  section: ListedSection,
  source: ProxySource,
  filters: Filters,
  now: number,
): Promise<string> {
  const sections = await source.sections();
  const resources = select(section, sections, filters);
  if (filters.output !== 'short') {
    return format(
      resources.map(({ config }) => config),
      filters.output,
    );
  }
  if (resources.length === 0) {
    return describeNone(section, filters, othersOf(section, sections));
  }
  return formatTable(await tabulate(section, resources, source, now));
}

function select(
  section: ListedSection,
  sections: DumpSections,
  filters: Filters,
): readonly DumpedResource[] {
  switch (section) {
    case 'clusters':
      return filterClusters(sections.clusters, filters);
    case 'listeners':
      return filterListeners(sections.listeners, filters);
    case 'routes':
      return filterRoutes(sections.routes, filters.name);
    case 'secret':
      return sections.secrets;
  }
}

async function tabulate(
  section: ListedSection,
  resources: readonly DumpedResource[],
  source: ProxySource,
  now: number,
): Promise<Table> {
  switch (section) {
    case 'clusters':
      return tableOfClusters(resources, await source.ruleOf());
    case 'listeners':
      return tableOfListeners(resources);
    case 'routes':
      return tableOfRoutes(resources);
    case 'secret':
      return tableOfSecrets(resources, now);
  }
}

/** A table without rows would leave people wondering. */
function describeNone(
  section: ListedSection | 'endpoints',
  filters: Filters,
  others: readonly string[] = [],
): string {
  if (section === 'secret') return 'No active or warming secrets found.\n';
  const set = Object.entries(filters).filter(([key]) => filterNames.has(key));
  const conditions = set.map(([key, value]) => `--${key} ${String(value)}`).join(' ');
  const found = `No ${section} found${conditions === '' ? '' : ` for ${conditions}`}`;
  return `${found}${others.length === 0 ? '' : `; there are ${others.join(', ')}`}.\n`;
}

/** What could have been asked for: names of route tables, or places where listeners are. */
function othersOf(section: ListedSection, { routes, listeners }: DumpSections): readonly string[] {
  if (section === 'listeners') return [...new Set(tableOfListeners(listeners).rows.map(placeOf))];
  if (section !== 'routes') return [];
  return routes.flatMap(({ name }) => (name === '' ? [] : name)).sort();
}

function placeOf([address = '', port = '']: readonly string[]): string {
  return `${address}:${port}`;
}

const filterNames: ReadonlySet<string> = new Set([
  'fqdn',
  'port',
  'direction',
  'subset',
  'address',
  'type',
  'name',
  'cluster',
  'status',
]);

async function showEndpoints(source: ProxySource, filters: Filters): Promise<string> {
  const rows = filterEndpoints(await source.endpoints(), filters);
  if (filters.output !== 'short') {
    return format(
      rows.map(({ cluster, raw }) => ({ cluster, ...raw })),
      filters.output,
    );
  }
  return rows.length === 0
    ? describeNone('endpoints', filters)
    : formatTable(tableOfEndpoints(rows));
}

/** Every table, as istioctl puts them one after another. */
async function showAll(source: ProxySource, filters: Filters, now: number): Promise<string> {
  const listed = ['clusters', 'listeners', 'routes', 'secret'] as const;
  const parts: string[] = [];
  for (const section of listed) parts.push(await showResources(section, source, filters, now));
  return [...parts, await showEndpoints(source, filters)].join('\n');
}

/** In short: who it is and whom it asks. */
function showBootstrap({ bootstrap }: DumpSections, output: string): string {
  if (bootstrap === undefined) {
    throw new OperationError('E_CONFIG_DUMP', 'the dump has no bootstrap');
  }
  if (output !== 'short') return format({ bootstrap }, output);
  const clusters = at(bootstrap, 'static_resources', 'clusters');
  return formatTable({
    columns: ['NODE', 'CLUSTER', 'ENVOY', 'AGENT', 'STATIC CLUSTERS'],
    rows: [
      [
        textAt(bootstrap, 'node', 'id') ?? '',
        textAt(bootstrap, 'node', 'cluster') ?? '',
        versionOfNode(bootstrap),
        textAt(bootstrap, 'node', 'metadata', 'AGENT_VERSION') ?? '-',
        (Array.isArray(clusters) ? clusters : [])
          .map((cluster) => textAt(cluster, 'name') ?? '')
          .join(', '),
      ],
    ],
  });
}

function versionOfNode(bootstrap: unknown): string {
  const version = at(bootstrap, 'node', 'user_agent_build_version', 'version');
  const parts = ['major_number', 'minor_number', 'patch'].map((key) => textAt(version, key) ?? '0');
  return version === undefined ? '-' : parts.join('.');
}

async function showLevels(source: ProxySource, filters: Filters): Promise<string> {
  const levels = await turnLevels(source, filters);
  return filters.output === 'short'
    ? formatLevels(levels)
    : format(Object.fromEntries(levels), filters.output);
}

/** Sets the levels that are asked for. The result is those that were named, or all. */
async function turnLevels(
  source: ProxySource,
  { level, reset }: Pick<Filters, 'level' | 'reset'>,
): Promise<ReadonlyMap<string, string>> {
  const admin = source.admin();
  if (reset === true) {
    const info: unknown = JSON.parse(await admin.get('/server_info'));
    const own = textAt(info, 'command_line_options', 'log_level') ?? 'warning';
    return setLevels(admin, [{ level: own }]);
  }
  if (level === undefined) return readLevels(admin);
  const changes = parseLevels(level);
  const named = changes.flatMap(({ logger }) => logger ?? []);
  const all = await setLevels(admin, changes);
  if (named.length < changes.length) return all;
  return new Map([...all].filter(([name]) => named.includes(name)));
}

/** For other programs. */
export function format(value: unknown, output: string): string {
  return output === 'yaml'
    ? stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
    : `${JSON.stringify(value, null, 2)}\n`;
}
