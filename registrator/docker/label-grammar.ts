/**
 * The grammar of `SERVICE_*`: environment variables and labels of a container → what was written for each of
 * its ports. As gliderlabs/registrator reads them: the prefix in upper case, the rest in any case;
 * `SERVICE_<port>_<key>` names the container's port; port label > port variable > label > variable.
 */
import type { Problem } from '../../kit/problem.ts';
import type { Container } from './container.ts';

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
  readonly port?: number;
}

const prefix = 'SERVICE_';

/** What was written for `port`. */
export function readSettings(container: Labelled, port: number): Settings {
  return mergeEntries(readEntries(container).value, port);
}

/** True when the user wrote anything about services on the container. */
export function hasSettings(container: Labelled): boolean {
  return [container.env, container.labels].some((source) =>
    Object.keys(source).some((name) => name.startsWith(prefix)),
  );
}

/** Mistakes that belong to no port: malformed keys, and ports the container does not have. */
export function checkKeys(container: Labelled, ports: readonly number[]): readonly Problem[] {
  const { value: entries, problems } = readEntries(container);
  const known = ports.length === 0 ? 'none' : ports.join(', ');
  const unknown = entries.flatMap((entry) =>
    entry.port === undefined || ports.includes(entry.port)
      ? []
      : [
          toProblem(container, 'E_PORT_UNKNOWN', {
            setting: entry,
            message:
              `names port ${entry.port}, which the container does not have (its ports: ${known}); ` +
              'use the port inside the container, and EXPOSE it',
          }),
        ],
  );
  return [...problems, ...unknown];
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
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port < 1 || port > 65535) {
    return {
      code: 'E_PORT_RANGE',
      message: `"${digits}" is not a port; use a number from 1 to 65535`,
    };
  }
  const key = words.join('_');
  if (key === '') {
    return {
      code: 'E_LABEL',
      message: `names a port but no key; write one, such as ${prefix}${digits}_NAME`,
    };
  }
  return { key, value, source: name, fromPort: true, port };
}

/** Later entries win within a rank: readEntries lists variables before labels. */
function mergeEntries(entries: readonly Entry[], port: number): Settings {
  const common = entries.filter((entry) => entry.port === undefined);
  const own = entries.filter((entry) => entry.port === port);
  const merged = new Map<string, Setting>();
  for (const { key, value, source, fromPort } of [...common, ...own]) {
    merged.set(key, { value: value.trim(), source, fromPort });
  }
  return new Map([...merged].filter(([, setting]) => setting.value !== ''));
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
