/** `SERVICE_CHECK_*`: checks that the user declares and Consul runs. */
import { parseDuration, type Duration } from './duration.ts';
import { readSwitch, type Report, type Setting, type Settings } from './label-grammar.ts';

export type CheckSettings = CheckTarget & CheckFrame;

/** Name of a header → its values. */
export type CheckHeaders = Readonly<Record<string, readonly string[]>>;

type CheckTarget =
  | {
      readonly kind: 'http';
      readonly scheme: 'http' | 'https';
      readonly path: string;
      readonly method: string;
      readonly headers?: CheckHeaders;
      /** Any certificate will do. */
      readonly skipVerify: boolean;
    }
  | { readonly kind: 'tcp' }
  | { readonly kind: 'grpc'; readonly tls: boolean; readonly skipVerify: boolean }
  /**
   * A command: `script` runs beside Consul, `cmd` there by the program check-cmd, `exec` inside the
   * container by Consul's Docker check.
   */
  | { readonly kind: 'script' | 'cmd' | 'exec'; readonly command: string }
  /** The application itself reports to Consul, at least this often. */
  | { readonly kind: 'ttl'; readonly ttl: string };

/** What all kinds have in common. Durations are written as Consul parses them. */
export interface CheckFrame {
  /** Another port of the container than the one that is registered. */
  readonly port?: number;
  /** A check by TTL has no use for it. */
  readonly interval: string;
  readonly timeout?: string;
  /** What counts until the first result; Consul's own is critical. */
  readonly initialStatus?: InitialStatus;
  /** Consul takes the service away when it was critical for so long. */
  readonly deregisterAfter?: string;
}

type InitialStatus = (typeof statuses)[number];

const statuses = ['passing', 'warning', 'critical'] as const;

const known = [
  'check_http',
  'check_http_method',
  'check_https',
  'check_https_method',
  'check_cmd',
  'check_script',
  'check_docker',
  'check_tcp',
  'check_grpc',
  'check_grpc_use_tls',
  'check_tls_skip_verify',
  'check_ttl',
  'check_port',
  'check_header',
  'check_interval',
  'check_timeout',
  'check_initial_status',
  'check_deregister_after',
];

const defaultInterval = '10s';

/** Consul raises anything less (agent/structs CheckType: its reaper runs every 30 s). */
const minDeregisterAfter = 60_000;

/** All declared checks of a port. What is not understood is reported and left out. */
export function parseChecks(settings: Settings, report: Report): readonly CheckSettings[] {
  reportUnknown(settings, report);
  const frame = parseFrame(settings, report);
  const targets = [
    ...parseWeb(settings, report),
    ...parseCommands(settings, report),
    ...parsePlain(settings, report),
  ];
  return targets.map((target) => ({ ...target, ...frame }));
}

function parseFrame(settings: Settings, report: Report): CheckFrame {
  const port = parsePort(settings.get('check_port'), report);
  const interval = parseDuration(settings.get('check_interval'), report);
  const timeout = parseDuration(settings.get('check_timeout'), report);
  const initialStatus = parseStatus(settings.get('check_initial_status'), report);
  const deregisterAfter = parseDeregisterAfter(settings.get('check_deregister_after'), report);
  return {
    ...(port === undefined ? {} : { port }),
    interval: interval?.text ?? defaultInterval,
    ...(timeout === undefined ? {} : { timeout: timeout.text }),
    ...(initialStatus === undefined ? {} : { initialStatus }),
    ...(deregisterAfter === undefined ? {} : { deregisterAfter: deregisterAfter.text }),
  };
}

function parseWeb(settings: Settings, report: Report): readonly CheckTarget[] {
  const http = settings.get('check_http');
  const https = settings.get('check_https');
  if (http !== undefined && https !== undefined) {
    report('E_CHECK_MULTIPLE', https, `is left out, because ${http.source} is set; remove one`);
  }
  if (http !== undefined) return [webCheck('http', http, settings, report)];
  return https === undefined ? [] : [webCheck('https', https, settings, report)];
}

function webCheck(
  scheme: 'http' | 'https',
  path: Setting,
  settings: Settings,
  report: Report,
): CheckTarget {
  const headers = parseHeaders(settings.get('check_header'), report);
  return {
    kind: 'http',
    scheme,
    path: path.value.startsWith('/') ? path.value : `/${path.value}`,
    method: (settings.get(`check_${scheme}_method`)?.value ?? 'GET').toUpperCase(),
    ...(headers === undefined ? {} : { headers }),
    skipVerify: scheme === 'https' && readSwitch(settings.get('check_tls_skip_verify'), report),
  };
}

/**
 * One header as `Name: value`, or several as JSON, as Consul's own definition of a check has them:
 * `{"Accept": ["text/plain"]}`.
 */
function parseHeaders(setting: Setting | undefined, report: Report): CheckHeaders | undefined {
  if (setting === undefined) return undefined;
  const headers = setting.value.startsWith('{')
    ? parseHeaderObject(setting.value)
    : parseHeaderLine(setting.value);
  if (headers === undefined) {
    // The message does not show the value: it may be a secret.
    const message = 'is left out: write "Name: value", or JSON such as {"Name": ["value"]}';
    report('E_CHECK_HEADER', setting, message);
  }
  return headers;
}

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

function parseHeaderLine(text: string): CheckHeaders | undefined {
  const at = text.indexOf(':');
  const name = text.slice(0, at).trim();
  return at > 0 && headerName.test(name) ? { [name]: [text.slice(at + 1).trim()] } : undefined;
}

function parseHeaderObject(text: string): CheckHeaders | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const headers = Object.entries(value as object).map(
    ([name, values]: [string, unknown]) =>
      [name, Array.isArray(values) ? values : [values]] as const,
  );
  const isRight = headers.every(
    ([name, values]) =>
      headerName.test(name) && values.every((item: unknown) => typeof item === 'string'),
  );
  return isRight ? Object.fromEntries(headers) : undefined;
}

/** A port inside the container. */
function parsePort(setting: Setting | undefined, report: Report): number | undefined {
  if (setting === undefined) return undefined;
  const port = Number(setting.value);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  const message = `"${setting.value}" is not a port, so the registered one is checked; use 1 to 65535`;
  report('E_CHECK_PORT', setting, message);
  return undefined;
}

function parseCommands(settings: Settings, report: Report): readonly CheckTarget[] {
  const kinds = { cmd: 'check_cmd', script: 'check_script', exec: 'check_docker' } as const;
  return Object.entries(kinds).flatMap(([kind, key]) => {
    const setting = settings.get(key);
    if (setting === undefined) return [];
    if (!areQuotesClosed(setting.value)) {
      const message = `has a quote that is not closed, so the check is not registered: ${setting.value}`;
      report('E_CHECK_SCRIPT', setting, message.slice(0, 300));
      return [];
    }
    return [{ kind: kind as keyof typeof kinds, command: setting.value }];
  });
}

/** As a shell reads them: nothing is special within '…', only \ within "…". */
function areQuotesClosed(command: string): boolean {
  return /^(?:[^'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")*\\?$/s.test(command);
}

function parsePlain(settings: Settings, report: Report): readonly CheckTarget[] {
  const ttl = parseDuration(settings.get('check_ttl'), report);
  const grpc = readSwitch(settings.get('check_grpc'), report);
  const tls = grpc && readSwitch(settings.get('check_grpc_use_tls'), report);
  const skipVerify = tls && readSwitch(settings.get('check_tls_skip_verify'), report);
  return [
    ...(readSwitch(settings.get('check_tcp'), report) ? [{ kind: 'tcp' } as const] : []),
    ...(grpc ? [{ kind: 'grpc', tls, skipVerify } as const] : []),
    ...(ttl === undefined ? [] : [{ kind: 'ttl', ttl: ttl.text } as const]),
  ];
}

function parseStatus(setting: Setting | undefined, report: Report): InitialStatus | undefined {
  if (setting === undefined) return undefined;
  const status = statuses.find((candidate) => candidate === setting.value.toLowerCase());
  if (status === undefined) {
    report('E_CHECK_STATUS', setting, `"${setting.value}" is none of ${statuses.join(', ')}`);
  }
  return status;
}

function parseDeregisterAfter(setting: Setting | undefined, report: Report): Duration | undefined {
  const duration = parseDuration(setting, report);
  if (setting !== undefined && duration !== undefined && duration.ms < minDeregisterAfter) {
    report('W_DURATION', setting, `"${setting.value}" is short: Consul waits at least 1m`);
  }
  return duration;
}

function reportUnknown(settings: Settings, report: Report): void {
  for (const [key, setting] of settings) {
    if (!key.startsWith('check_') || known.includes(key)) continue;
    const names = known.join(', ').toUpperCase();
    report('E_CHECK_UNKNOWN', setting, `is no known check setting; known are ${names}`);
  }
}
