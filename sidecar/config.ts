import type { LogLevel } from '../kit/log.ts';
import type { Problem } from '../kit/problem.ts';
import { defaultNamespace } from './contract/node.ts';

/** What the agent is told by its environment. */
export interface AgentConfig {
  /** Name of the workload, such as reviews-v1. */
  readonly workload: string;
  /** Name of the application, such as reviews. */
  readonly app: string;
  readonly namespace: string;
  /** Labels of the workload, with app and version among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** Address of the workload in the mesh. */
  readonly address: string;
  /** Where pilot serves ADS. */
  readonly pilot: HostPort;
  /** Base URL of pilot's HTTP server. */
  readonly pilotHttp: string;
  readonly envoy: EnvoyOptions;
  readonly ports: AgentPorts;
  readonly logLevel: LogLevel;
  /** How long connections may take to end after SIGTERM (ms). */
  readonly drainTime: number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface EnvoyOptions {
  /** Path, or a name to be found on PATH. */
  readonly binary: string;
  /** Worker threads. */
  readonly concurrency: number;
  readonly logLevel: string;
}

export interface AgentPorts {
  readonly admin: number;
  readonly readiness: number;
  readonly dns: number;
  readonly prometheus: number;
}

/** What the agent finds out by itself. */
export interface Surroundings {
  readonly hostname: string;
  /** First IPv4 address of the network namespace that is not loopback. */
  readonly address: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
const envoyLogLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

/** The configuration that the environment describes, or everything that is wrong with it. */
export function readAgentConfig(
  environment: Environment,
  { hostname, address }: Surroundings,
): AgentConfig | readonly Problem[] {
  const read = new EnvironmentReader(environment);
  const named = splitVersion(hostname);
  const app = read.text('SERVICE_NAME', named.app);
  const version = read.optional('SERVICE_VERSION') ?? named.version;
  const config: AgentConfig = {
    workload: hostname,
    app,
    namespace: read.text('POD_NAMESPACE', defaultNamespace),
    labels: {
      app,
      ...(version === undefined ? {} : { version }),
      ...read.pairs('CMESH_LABELS'),
    },
    address: read.text('INSTANCE_IP', address),
    pilot: read.hostPort('PILOT_ADDRESS', 'pilot:15010'),
    pilotHttp: read.url('PILOT_HTTP', 'http://pilot:8080'),
    envoy: {
      binary: read.text('ENVOY_BIN', 'envoy'),
      concurrency: read.integer('CMESH_CONCURRENCY', 2, 1, 128),
      logLevel: read.oneOf('CMESH_ENVOY_LOG_LEVEL', envoyLogLevels, 'warning'),
    },
    ports: {
      admin: read.port('CMESH_ADMIN_PORT', 15000),
      readiness: read.port('CMESH_READINESS_PORT', 15021),
      dns: read.port('CMESH_DNS_PORT', 15053),
      prometheus: read.port('CMESH_PROMETHEUS_PORT', 15090),
    },
    logLevel: read.oneOf('CMESH_LOG_LEVEL', logLevels, 'info'),
    drainTime: 1000 * read.integer('CMESH_DRAIN_SECONDS', 5, 0, 3600),
  };
  return read.problems.length > 0 ? read.problems : config;
}

/** `reviews-v1` → reviews and v1: the names that Istio's samples give their workloads. */
function splitVersion(hostname: string): { readonly app: string; readonly version?: string } {
  const [, app, version] = /^(.+)-(v\d+)$/.exec(hostname) ?? [];
  return app === undefined || version === undefined ? { app: hostname } : { app, version };
}

/** Reads variables one by one and collects what is wrong; an empty variable counts as not set. */
class EnvironmentReader {
  readonly problems: Problem[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  optional(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    return this.#refuse(name, `'${text}' is not a whole number from ${min} to ${max}`, fallback);
  }

  port(name: string, fallback: number): number {
    return this.integer(name, fallback, 1, 65535);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = allowed.find((candidate) => candidate === text.toLowerCase());
    return value ?? this.#refuse(name, `'${text}' is none of ${allowed.join(', ')}`, fallback);
  }

  hostPort(name: string, fallback: string): HostPort {
    const text = this.text(name, fallback);
    const [, host = '', digits = ''] = /^(\[[\da-fA-F:.]+\]|[^:/\s]+):(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    const parsed = { host: host.replace(/^\[|\]$/g, ''), port };
    if (host !== '' && port >= 1 && port <= 65535) return parsed;
    return this.#refuse(name, `'${text}' is not HOST:PORT such as pilot:15010`, parsed);
  }

  url(name: string, fallback: string): string {
    const text = this.text(name, fallback);
    if (URL.canParse(text) && new URL(text).protocol === 'http:') return text;
    return this.#refuse(name, `'${text}' is not a URL such as http://pilot:8080`, fallback);
  }

  /** `k=v,k=v`. */
  pairs(name: string): Readonly<Record<string, string>> {
    const items = (this.optional(name) ?? '').split(',').filter((item) => item.trim() !== '');
    const pairs = items.flatMap((item) => {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(item) ?? [];
      if (key !== undefined && value !== undefined) return [[key, value] as const];
      return this.#refuse(name, `'${item.trim()}' is not KEY=VALUE`, []);
    });
    return Object.fromEntries(pairs);
  }

  #refuse<T>(name: string, message: string, fallback: T): T {
    this.problems.push({
      code: 'E_AGENT_ENVIRONMENT',
      severity: 'error',
      resource: 'environment',
      path: name,
      message,
    });
    return fallback;
  }
}
