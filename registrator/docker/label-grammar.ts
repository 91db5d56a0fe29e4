/**
 * The grammar of `SERVICE_*`: environment variables and labels of a container → what was written for each of
 * its ports. As gliderlabs/registrator reads them: the prefix in upper case, the rest in any case;
 * `SERVICE_<port>_<key>` names the container's port; port label > port variable > label > variable. As its
 * fork fayrus/registrator does: `SERVICE_<port>_<transport>_<key>`, and `SERVICE_<from>-<to>_<key>` for a range
 * of ports. What is written for fewer ports wins.
 */
import type { Problem } from '../../kit/problem.ts';
import type { Container, ContainerPort, Transport } from './container.ts';

/** One value as the user wrote it. */
export interface Setting {
  readonly value: string;
  /** The label or variable it stands in. */
  readonly source: string;
  /** It was written for this port, not for the whole container. */
  readonly fromPort: boolean;
}

/** Key in lower case, without `SERVICE_` and port → what the user wrote. Empty values are absent. */
export type Settings = ReadonlyMap<string, Setting>;

export interface Parsed<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** What labels are read from. */
export type Labelled = Pick<Container, 'name' | 'env' | 'labels'>;

/** Reports a mistake in one setting. */
export type Report = (code: string, setting: Setting, message: string) => void;

interface Entry extends Setting {
  readonly key: string;
  /** Absent when the setting is for the whole container. */
  readonly ports?: PortRange;
}

/** Both ends are in it. */
interface PortRange {
  readonly from: number;
  readonly to: number;
  /** Absent: both. */
  readonly transport?: Transport;
}

const prefix = 'SERVICE_';

/** What was written for `port`. */
export function readSettings(container: Labelled, port: ContainerPort): Settings {
  return mergeEntries(readEntries(container).value, port);
}

/** True when the user wrote anything about services on the container. */
export function hasSettings(container: Labelled): boolean {
  return [container.env, container.labels].some((source) =>
    Object.keys(source).some((name) => name.startsWith(prefix)),
  );
}

/** Mistakes that belong to no port: malformed keys, and ports the container does not have. */
export function checkKeys(
  container: Labelled,
  ports: readonly ContainerPort[],
): readonly Problem[] {
  const { value: entries, problems } = readEntries(container);
  const unknown = entries.flatMap((entry) => {
    const { ports: range } = entry;
    if (range === undefined || ports.some((port) => contains(range, port))) return [];
    return [
      toProblem(container, 'E_PORT_UNKNOWN', {
        setting: entry,
        message:
          `names port ${formatRange(range)}, which the container does not have (its ports: ` +
          `${formatPorts(ports, range)}); use the port inside the container, and EXPOSE it`,
      }),
    ];
  });
  return [...problems, ...unknown];
}

function contains({ from, to, transport }: PortRange, port: ContainerPort): boolean {
  const isTransport = transport === undefined || transport === port.transport;
  return isTransport && from <= port.port && port.port <= to;
}

function formatRange({ from, to, transport }: PortRange): string {
  const numbers = from === to ? String(from) : `${from} to ${to}`;
  return transport === undefined ? numbers : `${numbers}/${transport}`;
}

/** With their transports when the setting names one. */
function formatPorts(ports: readonly ContainerPort[], { transport }: PortRange): string {
  const names = ports.map((port) =>
    transport === undefined ? String(port.port) : `${port.port}/${port.transport}`,
  );
  return names.length === 0 ? 'none' : [...new Set(names)].join(', ');
}

function readEntries(container: Labelled): Parsed<readonly Entry[]> {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  for (const source of [container.env, container.labels]) {
    for (const [name, value] of Object.entries(source)) {
      if (!name.startsWith(prefix)) continue;
      const entry = parseEntry(name, value);
      if ('code' in entry) {
        problems.push({
          code: entry.code,
          severity: 'error',
          resource: `container ${container.name}`,
          path: name,
          message: entry.message,
        });
      } else {
        entries.push(entry);
      }
    }
  }
  return { value: entries, problems };
}

function parseEntry(name: string, value: string): Entry | Pick<Problem, 'code' | 'message'> {
  const rest = name.slice(prefix.length).toLowerCase();
  if (rest === '') {
    return { code: 'E_LABEL', message: 'has no key after SERVICE_; write one, such as NAME' };
  }
  if (!/^\d/.test(rest)) return { key: rest, value, source: name, fromPort: false };
  const [digits = '', ...words] = rest.split('_');
  const range = parseRange(digits);
  if (range === undefined) {
    return {
      code: 'E_PORT_RANGE',
      message: `"${digits}" is not a port; use a number from 1 to 65535, or a range such as 8000-8010`,
    };
  }
  const transport = words.length > 1 ? parseTransport(words[0]) : undefined;
  const key = (transport === undefined ? words : words.slice(1)).join('_');
  if (key === '') {
    return {
      code: 'E_LABEL',
      message: `names a port but no key; write one, such as ${prefix}${digits}_NAME`,
    };
  }
  const ports = { ...range, ...(transport === undefined ? {} : { transport }) };
  return { key, value, source: name, fromPort: range.from === range.to, ports };
}

function parseRange(text: string): PortRange | undefined {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const from = Number(first);
  const to = Number(last);
  return from >= 1 && from <= to && to <= 65535 ? { from, to } : undefined;
}

function parseTransport(word: string | undefined): Transport | undefined {
  return word === 'tcp' || word === 'udp' ? word : undefined;
}

/** Later entries win within a rank: readEntries lists variables before labels. */
function mergeEntries(entries: readonly Entry[], port: ContainerPort): Settings {
  const ranked = entries
    .filter(({ ports }) => ports === undefined || contains(ports, port))
    .sort((left, right) => countPorts(right) - countPorts(left));
  const merged = new Map<string, Setting>();
  for (const { key, value, source, fromPort } of ranked) {
    merged.set(key, { value: value.trim(), source, fromPort });
  }
  return new Map([...merged].filter(([, setting]) => setting.value !== ''));
}

const maxPorts = 65535;

/** How many ports a setting is for; one transport of a port is half of it. */
function countPorts({ ports }: Entry): number {
  if (ports === undefined) return maxPorts + 1;
  return (ports.to - ports.from + 1) * (ports.transport === undefined ? 1 : 0.5);
}

/** A problem with one setting of a container; codes that start with `W_` are warnings. */
export function toProblem(
  container: Labelled,
  code: string,
  { setting, message }: { readonly setting: Setting; readonly message: string },
): Problem {
  return {
    code,
    severity: code.startsWith('W_') ? 'warning' : 'error',
    resource: `container ${container.name}`,
    path: setting.source,
    message,
  };
}

/**
 * True when the setting is written and does not say no. gliderlabs/registrator takes any value for a yes, even
 * `false`; nobody means that.
 */
export function readSwitch(setting: Setting | undefined, report: Report): boolean {
  if (setting === undefined) return false;
  if (!isNo(setting.value)) return true;
  report(
    'W_SWITCH',
    setting,
    `"${setting.value}" turns it off (gliderlabs/registrator: on); remove it`,
  );
  return false;
}

/** The values that mean no. */
export function isNo(value: string): boolean {
  return ['false', 'no', '0', 'off'].includes(value.toLowerCase());
}
