import { findNearest } from '../kit/nearest.ts';
import { type PilotConfig, parsePilotConfig } from '../pilot/config.ts';
import type { MeshFile } from './mesh-file.ts';

/** What the command line gives, as text. */
export interface LocalFlags {
  readonly only?: string;
  readonly config: string;
  /** Port of the first ingress. */
  readonly port?: string;
  /** Port of the configuration API. */
  readonly http: string;
  readonly consul?: string;
  readonly zipkin?: string;
  readonly json?: true;
  readonly verbose?: true;
  /** False with --no-own-addresses. */
  readonly ownAddresses: boolean;
}

/** What the flags mean for pilot. */
export type LocalConfig = Pick<PilotConfig, 'registry' | 'http' | 'tracing'> & {
  /** Port of the first ingress. */
  readonly port?: number;
};

export type ParsedFlags =
  | { readonly ok: true; readonly config: LocalConfig }
  | { readonly ok: false; readonly messages: readonly string[] };

/** Checks all flags and reports all mistakes at once. `token` is the Consul ACL token, if any. */
export function parseFlags(flags: LocalFlags, token: string | undefined): ParsedFlags {
  const messages: string[] = [];
  const checkPort = (flag: string, text: string): number => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (port >= 1 && port <= 65_535) return port;
    messages.push(`--${flag} "${text}" is not a port, such as 9080`);
    return 0;
  };
  const http = checkPort('http', flags.http);
  const port = flags.port === undefined ? {} : { port: checkPort('port', flags.port) };
  const pilot = parsePilotConfig(
    {
      registry: flags.consul === undefined ? 'none' : asConsul(flags.consul),
      configStore: 'memory',
      grpc: '127.0.0.1:0',
      http: `127.0.0.1:${http}`,
      domain: 'service.consul',
      // On a laptop every request is worth a trace.
      tracingSampling: '100',
      logLevel: 'info',
      ...(flags.zipkin === undefined ? {} : { zipkin: withoutScheme(flags.zipkin) }),
    },
    token,
  );
  if (!pilot.ok) messages.push(...pilot.messages.map((message) => inOwnWords(message, flags)));
  if (!pilot.ok || messages.length > 0) return { ok: false, messages };
  const { registry, tracing } = pilot.config;
  const config = { registry, http: pilot.config.http, ...port };
  return { ok: true, config: tracing === undefined ? config : { ...config, tracing } };
}

function asConsul(url: string): string {
  return `consul://${withoutScheme(url)}`;
}

function withoutScheme(url: string): string {
  return url.replace(/^(http|consul):\/\//, '').replace(/\/$/, '');
}

/** Pilot speaks of its own flags. */
function inOwnWords(message: string, { consul = '', zipkin = '' }: LocalFlags): string {
  if (message.startsWith('--registry')) return `--consul "${consul}" is not http://HOST:PORT`;
  if (message.startsWith('--zipkin')) return `--zipkin "${zipkin}" is not http://HOST:PORT`;
  return message;
}

export type Selection =
  | { readonly ok: true; readonly file: MeshFile }
  | { readonly ok: false; readonly messages: readonly string[] };

/** The part of a mesh that the flags ask for, with its first ingress on `port`. */
export function selectServices(
  file: MeshFile,
  only: string | undefined,
  port: number | undefined,
): Selection {
  const names = file.services.map(({ name }) => name);
  const wanted = only === undefined ? names : only.split(',').map((name) => name.trim());
  const messages = wanted
    .filter((name) => !names.includes(name))
    .map((name) => {
      const nearest = findNearest(name, names);
      const advice =
        nearest === undefined ? `there are ${names.join(', ')}` : `did you mean "${nearest}"?`;
      return `--only names "${name}", which is no service of the file; ${advice}`;
    });
  const services = file.services.filter(({ name }) => wanted.includes(name));
  const idle = services.filter(
    ({ versions, endpoints }) =>
      endpoints.length === 0 && versions.some(({ command }) => command === undefined),
  );
  messages.push(
    ...idle.map(
      ({ name }) =>
        `service "${name}" has no \`command\` that starts it, and no \`endpoints\` where it runs already; write one of them, or leave it out with --only`,
    ),
  );
  if (messages.length > 0) return { ok: false, messages };
  const ingress = file.ingress
    .filter(({ service }) => wanted.includes(service))
    .map((entry, index) => (index === 0 && port !== undefined ? { ...entry, port } : entry));
  return { ok: true, file: { ...file, services, ingress } };
}
