/** What `SERVICE_*` variables and labels mean: what was written for a port → typed settings and problems. */
import { isIP } from 'node:net';
import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';
import { parseProtocol, protocols, type Protocol } from '../contract/service-record.ts';
import { parseChecks, type CheckSettings } from './check-labels.ts';
import type { ContainerPort } from './container.ts';
import { parseDuration } from './duration.ts';
import {
  isNo,
  readSettings,
  readSwitch,
  toProblem,
  type Labelled,
  type Parsed,
  type Report,
  type Setting,
  type Settings,
} from './label-grammar.ts';

export interface PortSettings {
  readonly name?: Setting;
  readonly id?: string;
  readonly tags: readonly string[];
  readonly ignored: boolean;
  readonly protocol?: Protocol;
  readonly version?: string;
  readonly weight?: number;
  /** Address to register instead of the container's. */
  readonly ip?: string;
  /** Docker network whose address to register. */
  readonly network?: string;
  /** Why it is to get no calls; absent when it may. */
  readonly maintenance?: string;
  /** How long `drain` waits before the container may be stopped (ms). */
  readonly drain?: number;
  /** Others may change its tags in Consul's catalogue. */
  readonly tagOverride?: true;
  readonly checks: readonly CheckSettings[];
  /** Keys without a meaning of their own: the user's Meta, with where each was written. */
  readonly meta: Settings;
}

/** Keys that are never Meta. */
const reservedKeys = new Set([
  'name',
  'id',
  'tags',
  'ignore',
  'protocol',
  'version',
  'weight',
  'ip',
  'network',
  'drain',
  'enable_tag_override',
  'maintenance',
  'port_name',
]);

/** The settings of `port`, a port of the container. */
export function parseSettings(container: Labelled, port: ContainerPort): Parsed<PortSettings> {
  const settings = readSettings(container, port);
  const problems: Problem[] = [];
  const report: Report = (code, setting, message) => {
    problems.push(toProblem(container, code, { setting, message }));
  };
  const name = settings.get('name');
  const tags = parseTags(settings.get('tags')?.value ?? '');
  const checks = parseChecks(settings, report);
  const value: PortSettings = {
    ...(name === undefined ? {} : { name }),
    ...optional('id', settings.get('id')?.value),
    tags,
    ignored: parseIgnore(settings.get('ignore'), report),
    ...optional(
      'protocol',
      parseProtocolSetting(settings.get('protocol'), report) ??
        parsePortName(settings.get('port_name')),
    ),
    ...optional('version', settings.get('version')?.value),
    ...optional('weight', parseWeight(settings.get('weight'), report)),
    ...optional('ip', parseAddress(settings.get('ip'), report)),
    ...optional('network', settings.get('network')?.value),
    ...optional('maintenance', parseMaintenance(settings.get('maintenance'), report)),
    ...optional('drain', parseDuration(settings.get('drain'), report)?.ms),
    ...(readSwitch(settings.get('enable_tag_override'), report) ? { tagOverride: true } : {}),
    checks,
    meta: collectMeta(settings),
  };
  return { value, problems };
}

/**
 * Keys without a meaning here, as gliderlabs/registrator has it, and `meta_<key>` for any key, which wins: so
 * Meta may have a key that means something else here, such as `name`.
 */
function collectMeta(settings: Settings): Settings {
  const plain = [...settings].filter(
    ([key]) => !reservedKeys.has(key) && !/^(check|meta)_/.test(key),
  );
  const written = [...settings].flatMap(([key, setting]) =>
    /^meta_./.test(key) ? [[key.slice('meta_'.length), setting] as const] : [],
  );
  return new Map([...plain, ...written]);
}

/** The value is the reason, unless it only says yes. */
function parseMaintenance(setting: Setting | undefined, report: Report): string | undefined {
  if (setting === undefined || !readSwitch(setting, report)) return undefined;
  const isReason = !['true', 'yes', '1', 'on'].includes(setting.value.toLowerCase());
  return isReason ? setting.value.slice(0, 200) : setting.source;
}

/**
 * A comma list, where `\,` is a comma of the tag. The order of writing is kept (gliderlabs/registrator
 * reverses it, which no reader of tags could rely on).
 */
export function parseTags(text: string): readonly string[] {
  return text
    .split(/(?<!\\),/)
    .map((tag) => tag.replaceAll('\\,', ','))
    .filter((tag) => tag !== '');
}

/** gliderlabs/registrator ignores on any value, even `false`; nobody means that. */
function parseIgnore(setting: Setting | undefined, report: Report): boolean {
  if (setting === undefined) return false;
  if (!isNo(setting.value)) return true;
  report(
    'W_IGNORE',
    setting,
    `"${setting.value}" does not ignore the port (gliderlabs/registrator would); remove it`,
  );
  return false;
}

function parseProtocolSetting(setting: Setting | undefined, report: Report): Protocol | undefined {
  if (setting === undefined) return undefined;
  const protocol = parseProtocol(setting.value);
  if (protocol === undefined) {
    const nearest = findNearest(setting.value, protocols);
    const hint = nearest === undefined ? '' : ` did you mean "${nearest}"?`;
    report(
      'E_PROTOCOL',
      setting,
      `"${setting.value}" is no known protocol, so the proxy detects it;${hint} ` +
        `use one of ${protocols.join(', ')}`,
    );
  }
  return protocol;
}

/**
 * The protocol that a port's name begins with: `http`, `http-web`, `grpc-web-api`. A name that begins with none
 * says nothing (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/).
 */
function parsePortName(setting: Setting | undefined): Protocol | undefined {
  const words = setting?.value.toLowerCase().split('-') ?? [];
  return parseProtocol(words.slice(0, 2).join('-')) ?? parseProtocol(words[0] ?? '');
}

function parseWeight(setting: Setting | undefined, report: Report): number | undefined {
  if (setting === undefined) return undefined;
  const weight = Number(setting.value);
  if (Number.isInteger(weight) && weight >= 1 && weight <= 65535) return weight;
  report(
    'E_WEIGHT',
    setting,
    `"${setting.value}" is not a whole number from 1 to 65535; 1 is used`,
  );
  return undefined;
}

function parseAddress(setting: Setting | undefined, report: Report): string | undefined {
  if (setting === undefined) return undefined;
  if (isUsableAddress(setting.value)) return setting.value;
  report('E_IP', setting, `"${setting.value}" is not an address others can reach; it is not used`);
  return undefined;
}

/** True for an IP address that may stand in a service: Consul refuses 0.0.0.0 and ::. */
export function isUsableAddress(address: string): boolean {
  return isIP(address) !== 0 && address !== '0.0.0.0' && address !== '::';
}

function optional<K extends string, T>(
  key: K,
  value: T | undefined,
): Partial<Readonly<Record<K, T>>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
