import { type HostPort, splitAddress } from './address.ts';
import type { LogLevel } from '../kit/log.ts';
import { type StoreLocation, parseStoreLocation, storeForms } from './store/store-location.ts';
import { type AccessConfig, type AccessFlags, parseAccess } from './access-config.ts';
import type { TracingOptions } from './translate/options.ts';

/** Where pilot finds services. */
export type RegistryConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'consul'; readonly address: string; readonly token?: string };

export interface PilotConfig {
  readonly registry: RegistryConfig;
  /** Where rules are kept. */
  readonly store: StoreLocation;
  /** HOST:PORT of the ADS server. */
  readonly grpc: string;
  readonly http: HostPort;
  /** Missing: this machine may do everything, others may read, over plain HTTP. */
  readonly access?: AccessConfig;
  /** Domain in which rules and callers may use short names. */
  readonly domain: string;
  readonly tracing?: TracingOptions;
  readonly logLevel: LogLevel;
}

/** What the command line gives, as text. */
export interface PilotFlags extends AccessFlags {
  readonly registry: string;
  readonly configStore: string;
  /** Instead of the one in the environment. */
  readonly consulToken?: string;
  readonly grpc: string;
  readonly http: string;
  readonly domain: string;
  readonly zipkin?: string;
  readonly tracingSampling: string;
  readonly logLevel: string;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: PilotConfig }
  | { readonly ok: false; readonly messages: readonly string[] };

/**
 * Checks all flags and reports all mistakes at once. `environmentToken` is the Consul ACL token of the environment,
 * if any.
 */
export function parsePilotConfig(
  flags: PilotFlags,
  environmentToken: string | undefined,
): ParsedConfig {
  const token = flags.consulToken ?? environmentToken;
  const messages: string[] = [];
  const check = <T>(flag: string, value: T | undefined, expected: string, given: string): T => {
    if (value === undefined) messages.push(`--${flag} "${given}" is not ${expected}`);
    return value as T;
  };
  const tracing =
    flags.zipkin === undefined
      ? undefined
      : check(
          'zipkin',
          parseTracing(flags.zipkin, flags.tracingSampling),
          'HOST:PORT with a --tracing-sampling between 0 and 100',
          `${flags.zipkin}" with sampling "${flags.tracingSampling}`,
        );
  const access = parseAccess(flags);
  messages.push(...access.messages);
  const config: PilotConfig = {
    registry: check(
      'registry',
      parseRegistry(flags.registry, token),
      '"none" or consul://HOST:PORT',
      flags.registry,
    ),
    store: check(
      'config-store',
      parseStoreLocation(flags.configStore, token),
      storeForms,
      flags.configStore,
    ),
    grpc: check('grpc', parseAddress(flags.grpc), 'HOST:PORT', flags.grpc),
    http: check('http', splitAddress(flags.http), 'HOST:PORT', flags.http),
    access: access.config,
    domain: flags.domain,
    logLevel: check(
      'log-level',
      logLevels.find((level) => level === flags.logLevel),
      `one of ${logLevels.join(', ')}`,
      flags.logLevel,
    ),
    ...(tracing === undefined ? {} : { tracing }),
  };
  return messages.length === 0 ? { ok: true, config } : { ok: false, messages };
}

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

function parseRegistry(text: string, token: string | undefined): RegistryConfig | undefined {
  if (text === 'none') return { kind: 'none' };
  const address = /^consul:\/\/([^/\s]+)\/?$/.exec(text)?.[1];
  if (address === undefined) return undefined;
  const withPort = /:\d+$/.test(address) ? address : `${address}:8500`;
  return {
    kind: 'consul',
    address: `http://${withPort}`,
    ...(token === undefined || token === '' ? {} : { token }),
  };
}

function parseAddress(text: string): string | undefined {
  return splitAddress(text) === undefined ? undefined : text;
}

function parseTracing(text: string, sampling: string): TracingOptions | undefined {
  const collector = splitAddress(text);
  const percent = Number(sampling);
  if (collector === undefined || !(percent >= 0 && percent <= 100)) return undefined;
  return { address: collector.host, port: collector.port, sampling: percent };
}
