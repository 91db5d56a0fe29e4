import { request as httpRequest, Agent } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { type Closer, Lifecycle } from '../../kit/lifecycle.ts';
import type { ConfigObject, Json } from '../../pilot/api/resource.ts';
import { keyOf } from '../../pilot/api/kinds.ts';
import { type Pilot, startPilot } from '../../pilot/app.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { configObject } from './config-objects.ts';
import { type Echo, EchoServer } from './echo-server.ts';
import { freePort } from './ports.ts';
import { RealEnvoy } from './real-envoy.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';
import { until } from './until.ts';

const plurals: Readonly<Record<string, string>> = {
  ServiceEntry: 'serviceentries',
  VirtualService: 'virtualservices',
  DestinationRule: 'destinationrules',
  WorkloadEntry: 'workloadentries',
};

export interface Member {
  readonly address?: string;
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly weight?: number;
}

export interface MeshService {
  /** Short name in service.consul. */
  readonly name: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly resolution?: 'STATIC' | 'DNS';
  readonly members: readonly Member[];
}

/** A real pilot on loopback, the Envoys that a test starts and the backends behind them. */
export class TestMesh implements Closer {
  readonly pilot: Pilot;
  readonly log: RecordedLog;
  readonly #lifecycle = new Lifecycle();
  readonly #envoys: RealEnvoy[] = [];
  /** Names of the rules in force, by kind. */
  readonly #applied = new Map<string, ConfigObject>();
  #markers = 0;

  private constructor(pilot: Pilot, log: RecordedLog) {
    this.pilot = pilot;
    this.log = log;
    this.#lifecycle.add(pilot);
  }

  static async start(): Promise<TestMesh> {
    const log = recordLog();
    const pilot = await startPilot(
      {
        registry: { kind: 'none' },
        store: { kind: 'memory' },
        grpc: '127.0.0.1:0',
        http: { host: '127.0.0.1', port: 0 },
        domain: 'service.consul',
        logLevel: 'silent',
      },
      log,
    );
    return new TestMesh(pilot, log);
  }

  /** Ends everything; throws when a proxy has refused configuration. */
  async close(): Promise<void> {
    const { types } = this.pilot.ads.counters();
    const refused = Object.entries(types).filter(([, { rejections }]) => rejections > 0);
    await this.#lifecycle.close();
    const complaints = this.#envoys.flatMap((envoy) => envoy.complaints());
    if (refused.length > 0) {
      throw new Error(`a proxy has refused configuration: ${complaints.join('\n')}`);
    }
  }

  /** An Envoy whose explicit HTTP proxy callers use. */
  async startProxy(address: string, metadata: Partial<NodeMetadata> = {}): Promise<MeshProxy> {
    const port = await freePort();
    const envoy = this.#lifecycle.add(
      await RealEnvoy.start({
        pilot: this.pilot.grpc,
        address,
        metadata: { httpProxyPort: port, ...metadata },
      }),
    );
    this.#envoys.push(envoy);
    await this.pilot.ads.whenSynced();
    return this.#lifecycle.add(new MeshProxy(envoy, port));
  }

  /** Echo servers for the versions of a service, which are its members. */
  async startService(name: string, ...versions: readonly string[]): Promise<readonly EchoServer[]> {
    const servers: EchoServer[] = [];
    for (const version of versions) {
      servers.push(this.#lifecycle.add(await EchoServer.start(name, version)));
    }
    await this.declare({
      name,
      members: servers.map(({ port, version }) => ({ port, labels: { version } })),
    });
    return servers;
  }

  /** Registers a service, or changes its members. */
  async declare(service: MeshService): Promise<void> {
    const { name, port = 9080, protocol = 'HTTP', resolution = 'STATIC', members } = service;
    await this.put(
      configObject('ServiceEntry', name, {
        spec: {
          hosts: [`${name}.service.consul`],
          ports: [{ number: port, name: 'main', protocol }],
          resolution,
          location: 'MESH_INTERNAL',
          endpoints: members.map(({ address = '127.0.0.1', port: target, labels, weight }) => ({
            address,
            ports: { main: target },
            labels: labels ?? {},
            ...(weight === undefined ? {} : { weight }),
          })),
        },
      }),
    );
  }

  /** Makes exactly these rules the ones in force, and waits until every proxy has them. */
  async use(...rules: readonly ConfigObject[]): Promise<void> {
    const wanted = new Set(rules.map(nameOf));
    for (const rule of rules) await this.put(rule);
    // What came last goes first: a rule before the subsets that it names.
    for (const [name, rule] of [...this.#applied].toReversed()) {
      if (rule.kind !== 'ServiceEntry' && !wanted.has(name)) await this.remove(rule);
    }
    await this.settled();
  }

  /** Writes one object, without waiting for the proxies. */
  async put(object: ConfigObject): Promise<void> {
    const name = nameOf(object);
    const exists = this.#applied.has(name);
    await this.#send(exists ? 'PUT' : 'POST', exists ? pathOf(object) : folderOf(object), object);
    this.#applied.set(name, object);
  }

  async remove(object: ConfigObject): Promise<void> {
    await this.#send('DELETE', pathOf(object));
    this.#applied.delete(nameOf(object));
  }

  /** Waits until pilot has read all that was written, and every proxy has acknowledged what came of it. */
  async settled(): Promise<void> {
    this.#markers += 1;
    const host = `marker-${this.#markers}.invalid`;
    await this.put(configObject('DestinationRule', 'marker', { spec: { host } }));
    await until('pilot to read what was written', async () => {
      const rules = (await this.debug('rules')) as readonly { readonly hosts: readonly string[] }[];
      return rules.some(({ hosts }) => hosts.includes(host));
    });
    this.#applied.delete('DestinationRule marker');
    await this.#send('DELETE', pathOf(configObject('DestinationRule', 'marker', { spec: {} })));
    await this.pilot.ads.whenSynced();
  }

  /** What pilot shows under /debug/NAME. */
  async debug(name: string): Promise<unknown> {
    return this.#send('GET', `/debug/${name}`);
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.pilot.http}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`pilot answers ${response.status} to ${path}: ${text}`);
    return JSON.parse(text);
  }
}

function nameOf(object: ConfigObject): string {
  return `${object.kind} ${keyOf(object).name}`;
}

function folderOf({ apiVersion, kind }: ConfigObject): string {
  return `/apis/${apiVersion}/namespaces/default/${plurals[kind] ?? ''}`;
}

function pathOf(object: ConfigObject): string {
  return `${folderOf(object)}/${object.metadata.name}`;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the backend said of the request; only of an echo. */
  readonly echo: Echo;
}

/** Calls services through the explicit HTTP proxy of an Envoy, as a program with `http_proxy` does. */
export class MeshProxy implements Closer {
  readonly envoy: RealEnvoy;
  readonly port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(envoy: RealEnvoy, port: number) {
    this.envoy = envoy;
    this.port = port;
  }

  /** Calls an absolute URL; the Host header is its authority. */
  call(
    url: string,
    { method = 'GET', headers = {}, body = '' }: CallOptions = {},
  ): Promise<Answer> {
    const { host } = new URL(url);
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.port,
          method,
          path: url,
          headers: { host, ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode: status = 0, headers: answered } = response;
            resolve({ status, headers: answered, body: text, echo: parseEcho(text) });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** How many of `count` calls each version has answered. */
  async count(
    url: string,
    count: number,
    options: CallOptions = {},
  ): Promise<Readonly<Record<string, number>>> {
    const answers = await Promise.all(Array.from({ length: count }, () => this.call(url, options)));
    const counts: Record<string, number> = {};
    for (const { status, echo } of answers) {
      const key = status === 200 ? echo.version : String(status);
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parseEcho(text: string): Echo {
  try {
    return JSON.parse(text) as Echo;
  } catch {
    return { service: '', version: '', method: '', path: '', headers: {}, body: '' };
  }
}

/** A rule for HTTP requests to a service of the mesh. */
export function virtualService(name: string, ...http: readonly Json[]): ConfigObject {
  return configObject('VirtualService', name, { spec: { hosts: [name], http } });
}

export function destinationRule(
  name: string,
  spec: Readonly<Record<string, unknown>>,
): ConfigObject {
  return configObject('DestinationRule', name, { spec: { host: name, ...spec } });
}

/** A DestinationRule that names the versions of a service as subsets. */
export function versionsOf(name: string, ...versions: readonly string[]): ConfigObject {
  return destinationRule(name, {
    subsets: versions.map((version) => ({ name: version, labels: { version } })),
  });
}

/** A route's target. */
export function to(host: string, subset?: string, weight?: number): Json {
  return {
    destination: { host, ...(subset === undefined ? {} : { subset }) },
    ...(weight === undefined ? {} : { weight }),
  };
}
