import { OperationError } from '../kit/errors.ts';

/** A JSON object of Envoy, with the field names of its .proto files. */
export type EnvoyJson = Readonly<Record<string, unknown>>;

/** A resource in a dump of Envoy. */
export interface DumpedResource {
  readonly name: string;
  /** `warming`: not in force yet. */
  readonly state: 'static' | 'active' | 'warming';
  /** As pilot gave it; static ones have none. */
  readonly version?: string;
  /** RFC 3339. */
  readonly lastUpdated?: string;
  readonly config: EnvoyJson;
}

/** The parts of an answer of `/config_dump` (envoy.admin.v3.ConfigDump). */
export interface DumpSections {
  readonly clusters: readonly DumpedResource[];
  readonly listeners: readonly DumpedResource[];
  readonly routes: readonly DumpedResource[];
  readonly endpoints: readonly DumpedResource[];
  readonly secrets: readonly DumpedResource[];
  readonly bootstrap?: EnvoyJson;
}

/** Reads a dump of Envoy, or one that pilot gives. Throws OperationError `E_CONFIG_DUMP` when the text is none. */
export function readDump(text: string): DumpSections {
  const value = parse(text);
  const configs = (value as { readonly configs?: unknown } | null)?.configs;
  if (!Array.isArray(configs)) {
    throw new OperationError(
      'E_CONFIG_DUMP',
      'that is no configuration dump of Envoy: it has no "configs"; GET /config_dump?include_eds of the admin interface gives one',
    );
  }
  return splitDump(configs as readonly EnvoyJson[]);
}

/** The sections of a dump, by the messages of envoy/admin/v3/config_dump_shared.proto. */
export function splitDump(configs: readonly EnvoyJson[]): DumpSections {
  const all = (key: string): readonly EnvoyJson[] =>
    configs.flatMap((config) => (config[key] as readonly EnvoyJson[] | undefined) ?? []);
  const section = (
    rows: Readonly<Record<string, DumpedResource['state']>>,
    key: string,
  ): readonly DumpedResource[] =>
    Object.entries(rows).flatMap(([row, state]) =>
      all(row).flatMap((item) => entry(item, key, state)),
    );
  const bootstrap = configs.find((config) => 'bootstrap' in config)?.['bootstrap'];
  return {
    clusters: section(
      {
        static_clusters: 'static',
        dynamic_active_clusters: 'active',
        dynamic_warming_clusters: 'warming',
      },
      'cluster',
    ),
    listeners: [
      ...section({ static_listeners: 'static' }, 'listener'),
      ...all('dynamic_listeners').flatMap(listenerStates),
    ],
    routes: section(
      { static_route_configs: 'static', dynamic_route_configs: 'active' },
      'route_config',
    ),
    endpoints: section(
      { static_endpoint_configs: 'static', dynamic_endpoint_configs: 'active' },
      'endpoint_config',
    ),
    secrets: section(
      {
        static_secrets: 'static',
        dynamic_active_secrets: 'active',
        dynamic_warming_secrets: 'warming',
      },
      'secret',
    ),
    ...(isObject(bootstrap) ? { bootstrap } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OperationError('E_CONFIG_DUMP', 'that is no configuration dump of Envoy', { cause });
  }
}

/** A listener may run and be replaced at the same time. */
function listenerStates(item: EnvoyJson): readonly DumpedResource[] {
  const states = { active_state: 'active', warming_state: 'warming' } as const;
  return Object.entries(states).flatMap(([key, state]) => {
    const held = item[key];
    return isObject(held) ? entry(held, 'listener', state) : [];
  });
}

function entry(
  item: EnvoyJson,
  key: string,
  state: DumpedResource['state'],
): readonly DumpedResource[] {
  const config = item[key];
  if (!isObject(config)) return [];
  const { version_info: version, last_updated: lastUpdated } = item;
  const name = config['name'] ?? config['cluster_name'] ?? item['name'];
  return [
    {
      name: typeof name === 'string' ? name : '',
      state,
      ...(typeof version === 'string' ? { version } : {}),
      ...(typeof lastUpdated === 'string' ? { lastUpdated } : {}),
      config,
    },
  ];
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is EnvoyJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path of field names; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

/** The items of a list at a path; none where there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly EnvoyJson[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly EnvoyJson[]) : [];
}

/** The text or number at a path, as text. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

/** ADDRESS:PORT or a path, of an envoy.config.core.v3.Address. */
export function readAddress(
  address: unknown,
): { readonly address: string; readonly port: number } | undefined {
  const pipe = textAt(address, 'pipe', 'path');
  if (pipe !== undefined) return { address: pipe, port: 0 };
  const internal = textAt(address, 'envoy_internal_address', 'server_listener_name');
  if (internal !== undefined) return { address: internal, port: 0 };
  const host = textAt(address, 'socket_address', 'address');
  if (host === undefined) return undefined;
  return { address: host, port: Number(textAt(address, 'socket_address', 'port_value') ?? 0) };
}
