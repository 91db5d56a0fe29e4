import { hostname } from 'node:os';
import type { ProxySettings } from './http/client.ts';

export const serviceNames = ['productpage', 'details', 'reviews', 'ratings'] as const;

export type ServiceName = (typeof serviceNames)[number];

/** How long a caller waits for each answer (ms). */
export interface Timeouts {
  /** Of productpage for one answer of details, reviews or ratings. */
  readonly page: number;
  /** Of reviews for the answer of ratings. */
  readonly ratings: number;
}

export interface Config {
  readonly service: ServiceName;
  /** Decides what reviews does: v1 shows no stars, v2 black ones, v3 red ones. */
  readonly version: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Who answers, as the page shows it. */
  readonly podname: string;
  readonly clustername?: string;
  /** Base URLs of the services that this one may call. */
  readonly upstreams: Readonly<Record<'details' | 'reviews' | 'ratings', string>>;
  readonly proxy?: ProxySettings;
  readonly timeouts: Timeouts;
}

export type ParsedConfig =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of `service` from the environment; every mistake is reported, not only the first. */
export function parseConfig(service: string | undefined, env: Environment): ParsedConfig {
  const problems: string[] = [];
  const name = serviceNames.find((known) => known === service);
  if (name === undefined) {
    problems.push(
      `the service must be one of ${serviceNames.join(', ')}, not ${service ?? 'none'}`,
    );
  }
  const port = parsePort(env, 'PORT', problems);
  const upstreams = {
    details: upstreamUrl(env, 'details', problems),
    reviews: upstreamUrl(env, 'reviews', problems),
    ratings: upstreamUrl(env, 'ratings', problems),
  };
  const proxy = parseProxy(env, problems);
  if (name === undefined || problems.length > 0) return { kind: 'problems', problems };
  const version = setting(env, 'SERVICE_VERSION') ?? 'v1';
  const clustername = setting(env, 'CLUSTER_NAME');
  const config: Config = {
    service: name,
    version,
    host: setting(env, 'HOST') ?? '0.0.0.0',
    port,
    podname: setting(env, 'HOSTNAME') ?? hostname(),
    upstreams,
    timeouts: defaultTimeouts(version),
    ...(clustername === undefined ? {} : { clustername }),
    ...(proxy === undefined ? {} : { proxy }),
  };
  return { kind: 'config', config };
}

/**
 * The timeouts of Istio's sample (ms). They do not fit together on purpose: reviews v1 and v2 wait longer for
 * ratings than productpage waits for reviews, which is the mistake that the delay fault brings to light.
 */
export function defaultTimeouts(version: string): Timeouts {
  return { page: 3000, ratings: version === 'v3' ? 2500 : 10_000 };
}

function setting(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function parsePort(env: Environment, name: string, problems: string[]): number {
  const text = setting(env, name) ?? '9080';
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  problems.push(`${name} must be a port number, not ${text}`);
  return 0;
}

function upstreamUrl(env: Environment, service: string, problems: string[]): string {
  const prefix = service.toUpperCase();
  const port = parsePort(env, `${prefix}_SERVICE_PORT`, problems);
  const host = setting(env, `${prefix}_HOSTNAME`) ?? service;
  const url = `http://${host}:${port}`;
  if (!URL.canParse(url)) problems.push(`${prefix}_HOSTNAME must be a host name, not ${host}`);
  return url;
}

/** HTTP_PROXY and NO_PROXY as curl reads them; lower case wins, since some tools set that only. */
function parseProxy(env: Environment, problems: string[]): ProxySettings | undefined {
  const text = setting(env, 'http_proxy') ?? setting(env, 'HTTP_PROXY');
  if (text === undefined) return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url?.protocol !== 'http:') {
    problems.push(`HTTP_PROXY must be a URL of the form http://host:port, not ${text}`);
    return undefined;
  }
  const bypass = setting(env, 'no_proxy') ?? setting(env, 'NO_PROXY') ?? '';
  return { url, bypass: bypass.split(/[\s,]+/).filter((entry) => entry !== '') };
}
