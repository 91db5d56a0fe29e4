/**
 * The services that we own on one Consul agent. The npm package `consul` deregisters and asks for the
 * leader; what it drops or cannot do (weights, `replace-existing-checks`, check status with text, answers that need no
 * parsing) goes through our client.
 *
 * The container's state is reported as a TTL check, so that anybody can see it in Consul's own tools. Its
 * TTL is a year: when the registrator is away, what it said last stays true until something else is known.
 * Consul keeps the status of a TTL check across a restart only if it came by an update; the status given
 * with a registration is forgotten (agent.loadChecks: critical). So every registration is followed by one.
 */
import type { Agent } from 'node:http';
import Consul from 'consul';
import { ConsulHttpError, type ConsulClient } from '../../kit/consul-client.ts';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import {
  containerCheckId,
  declaredCheckId,
  describeTaken,
  maintenanceCheckId,
  maintenancePrefix,
  type Health,
  type ForeignService,
  type RegisteredService,
  type ServiceRecord,
} from '../contract/registration.ts';
import { metaKeys } from '../contract/service-record.ts';
import {
  formatContainerCheck,
  formatRecord,
  formatService,
  groupChecks,
  parseService,
  type AgentCheck,
  type AgentService,
  type ServiceIdentity,
} from './agent-records.ts';

/** All methods throw OperationError: `E_CONSUL_UNREACHABLE`, `E_CONSUL_NO_LEADER`, `E_CONSUL_HTTP`. */
export interface Registry {
  /** Resolves when the agent answers and its cluster can write. */
  readonly ping: () => Promise<void>;
  /** What the agent holds of us now. */
  readonly read: () => Promise<readonly RegisteredService[]>;
  /** The agent's node in the catalogue, if what was read last has shown it. */
  readonly findNode: () => string | undefined;
  /** What the agent holds that somebody else wrote. */
  readonly readForeign: () => Promise<readonly ForeignService[]>;
  /** What the agent holds that no registrator of ours wrote; the same list if it is as it was. */
  readonly readUnowned: () => Promise<readonly ForeignService[]>;
  /** Writes the service and its health. `isNew`: throws `E_ID_TAKEN` if the id is somebody else's. */
  readonly register: (record: ServiceRecord, isNew: boolean) => Promise<void>;
  /** Writes another health; of one with the same status, the text reaches the catalogue only later. */
  readonly report: (id: string, health: Health) => Promise<void>;
  /** Writes another text for the status that the check has. */
  readonly explain: (service: ServiceIdentity, health: Health) => Promise<void>;
  /** Turns on Consul's maintenance mode of a service. */
  readonly maintain: (id: string, reason: string) => Promise<void>;
  /** A service that is not there counts as deregistered. */
  readonly deregister: (id: string) => Promise<void>;
}

export interface RegistryOptions {
  /** Such as http://127.0.0.1:8500. */
  readonly address: string;
  readonly token?: string;
  /** See `ownerName`. */
  readonly owner: string;
  readonly client: ConsulClient;
  /** As in `ConsulClientOptions`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Calls are local and answered from memory; a longer silence (ms) is a failure. */
export const consulTimeout = 2000;

export class AgentRegistry implements Registry, Closer {
  readonly #owner: string;
  /** Marks a check as ours. */
  readonly #note: string;
  readonly #address: string;
  readonly #client: ConsulClient;
  readonly #consul: Consul;
  readonly #limits: Limits;
  readonly #closed = new AbortController();
  /** The last answers. The agent writes the same state in the same bytes, and most passes find nothing new. */
  #held: Held = { services: '', checks: '', parsed: [] };
  #unowned: HeldUnowned = { services: '', parsed: [] };

  constructor({ address, token, owner, client, headers, agent }: RegistryOptions) {
    const { hostname, port, protocol } = new URL(address);
    this.#owner = owner;
    this.#note = `owner ${owner}`;
    this.#address = address;
    this.#client = client;
    const options: ConstructorParameters<typeof Consul>[0] & { readonly headers?: object } = {
      host: hostname,
      port: Number(port === '' ? 80 : port),
      secure: protocol === 'https:',
      ...(agent === undefined ? {} : { agent }),
      // papi, under the package, takes them; the type declaration lacks them.
      ...(headers === undefined ? {} : { headers }),
    };
    this.#consul = new Consul(options);
    this.#limits = { timeout: consulTimeout, ...(token === undefined ? {} : { token }) };
  }

  /** As gliderlabs/registrator does: asking for the leader needs no permission. */
  ping = async (): Promise<void> => {
    const leader: unknown = await this.#ask('/v1/status/leader', (limits) =>
      this.#consul.status.leader(limits),
    );
    if (typeof leader === 'string' && leader !== '') return;
    throw new OperationError('E_CONSUL_NO_LEADER', `Consul at ${this.#address} has no leader`);
  };

  /**
   * Without a leader a write would only reach the agent, which tries to pass it on after 15 s or more; so
   * that counts as a failure, and the write is made as soon as there is one.
   */
  read = async (): Promise<readonly RegisteredService[]> => {
    const owner = JSON.stringify(this.#owner);
    const ownChecks = `Notes contains ${owner} or CheckID contains ${JSON.stringify(maintenancePrefix)}`;
    const [services, checks] = await Promise.all([
      this.#readText('services', `Meta[${JSON.stringify(metaKeys.owner)}] == ${owner}`),
      this.#readText('checks', ownChecks),
      this.ping(),
    ]);
    if (services !== this.#held.services || checks !== this.#held.checks) {
      this.#held = { services, checks, ...this.#parseAll(services, checks) };
    }
    return this.#held.parsed;
  };

  findNode = (): string | undefined => this.#held.node;

  readForeign = async (): Promise<readonly ForeignService[]> => {
    const owner = JSON.stringify(this.#owner);
    const key = JSON.stringify(metaKeys.owner);
    return parseForeign(
      await this.#readText('services', `${key} not in Meta or Meta[${key}] != ${owner}`),
    );
  };

  readUnowned = async (): Promise<readonly ForeignService[]> => {
    const services = await this.#readText(
      'services',
      `${JSON.stringify(metaKeys.owner)} not in Meta`,
    );
    if (services !== this.#unowned.services) {
      this.#unowned = { services, parsed: parseForeign(services) };
    }
    return this.#unowned.parsed;
  };

  /** The text of an instance that gets no traffic says what to do: it is worth one more request. */
  register = async (record: ServiceRecord, isNew: boolean): Promise<void> => {
    if (isNew) await this.#assertFree(record.id);
    const inMaintenance = !isNew && (await this.#isInMaintenance(record.id));
    const replace = inMaintenance ? '' : '?replace-existing-checks=true';
    await this.#put(`/v1/agent/service/register${replace}`, formatRecord(record, this.#note));
    if (inMaintenance) await this.#removeOtherChecks(record);
    if (record.health.status === 'critical') await this.explain(record, record.health);
    else await this.report(record.id, record.health);
  };

  report = async (id: string, health: Health): Promise<void> => {
    const check = encodeURIComponent(containerCheckId(id));
    await this.#put(`/v1/agent/check/update/${check}`, {
      Status: health.status,
      Output: health.output,
    });
  };

  /**
   * The agent passes a check's new text on to the catalogue at once only if the status changed too, else
   * after minutes (check_update_interval). Registering the service again passes it on; checks that are not
   * named stay as they are.
   */
  explain = async (service: ServiceIdentity, health: Health): Promise<void> => {
    await this.report(service.id, health);
    const Checks = [formatContainerCheck(service.id, health, this.#note)];
    await this.#put('/v1/agent/service/register', { ...formatService(service), Checks });
  };

  maintain = async (id: string, reason: string): Promise<void> => {
    const query = `enable=true&reason=${encodeURIComponent(reason)}`;
    await this.#put(`/v1/agent/service/maintenance/${encodeURIComponent(id)}?${query}`);
  };

  deregister = async (id: string): Promise<void> => {
    try {
      await this.#ask(`/v1/agent/service/deregister/${id}`, (limits) =>
        this.#consul.agent.service.deregister({ id, ...limits }),
      );
    } catch (error) {
      if (error instanceof ConsulHttpError && error.status === 404) return;
      throw error;
    }
  };

  /** Ends requests that are under way. */
  close(): void {
    this.#closed.abort();
    this.#consul.destroy();
  }

  /** Another tool's service, or another Engine's on a shared agent, is never overwritten. */
  async #assertFree(id: string): Promise<void> {
    try {
      const path = `/v1/agent/service/${encodeURIComponent(id)}`;
      const { body } = await this.#client.request({
        path,
        timeout: consulTimeout,
        signal: this.#closed.signal,
      });
      const { Meta } = body as Partial<AgentService>;
      const owner = Meta?.[metaKeys.owner];
      if (owner === this.#owner) return;
      throw takenError({ id, ...(owner === undefined ? {} : { owner }) });
    } catch (error) {
      if (error instanceof ConsulHttpError && error.status === 404) return;
      throw error;
    }
  }

  /** Replacing the checks of a service would end its maintenance mode, which is one of them. */
  async #isInMaintenance(id: string): Promise<boolean> {
    const maintenance = maintenanceCheckId(id);
    return (await this.#listChecks(id)).some(({ CheckID }) => CheckID === maintenance);
  }

  /** What replacing would have removed, but for the maintenance mode. */
  async #removeOtherChecks(record: ServiceRecord): Promise<void> {
    const kept = new Set([
      maintenanceCheckId(record.id),
      containerCheckId(record.id),
      ...record.checks.map(({ kind }) => declaredCheckId(record.id, kind)),
    ]);
    for (const { CheckID } of await this.#listChecks(record.id)) {
      if (kept.has(CheckID)) continue;
      await this.#put(`/v1/agent/check/deregister/${encodeURIComponent(CheckID)}`);
    }
  }

  async #listChecks(id: string): Promise<readonly AgentCheck[]> {
    const filter = encodeURIComponent(`ServiceID == ${JSON.stringify(id)}`);
    const { body } = await this.#client.request({
      path: `/v1/agent/checks?filter=${filter}`,
      timeout: consulTimeout,
      signal: this.#closed.signal,
    });
    return Object.values(body as Readonly<Record<string, AgentCheck>>);
  }

  async #readText(what: 'services' | 'checks', filter: string): Promise<string> {
    const { body } = await this.#client.request({
      path: `/v1/agent/${what}?filter=${encodeURIComponent(filter)}`,
      timeout: consulTimeout,
      signal: this.#closed.signal,
      asText: true,
    });
    return String(body);
  }

  #parseAll(services: string, checks: string): Pick<Held, 'parsed' | 'node'> {
    const all = Object.values(JSON.parse(checks) as Readonly<Record<string, AgentCheck>>);
    const byService = groupChecks(all);
    const node = all[0]?.Node;
    return {
      parsed: parseServices(services).map((service) =>
        parseService(service, byService.get(service.ID) ?? [], this.#note),
      ),
      ...(node === undefined ? {} : { node }),
    };
  }

  async #put(path: string, body?: object): Promise<void> {
    await this.#client.request({
      method: 'PUT',
      path,
      body,
      timeout: consulTimeout,
      signal: this.#closed.signal,
    });
  }

  /** A call through the npm package, whose errors become the same as those of our client. */
  async #ask<T>(path: string, call: (limits: Limits) => Promise<T>): Promise<T> {
    try {
      return await call(this.#limits);
    } catch (error) {
      const { statusCode, response } = error as PapiError;
      if (statusCode === undefined) {
        const message = `cannot reach Consul at ${this.#address}`;
        throw new OperationError('E_CONSUL_UNREACHABLE', message, { cause: error });
      }
      throw new ConsulHttpError({ path }, statusCode, formatBody(response?.body));
    }
  }
}

function parseServices(text: string): readonly AgentService[] {
  return Object.values(JSON.parse(text) as Readonly<Record<string, AgentService>>);
}

function parseForeign(text: string): readonly ForeignService[] {
  return parseServices(text).map(({ ID, Service, Address, Port, Meta }) => {
    const owner = Meta?.[metaKeys.owner];
    const service = { id: ID, name: Service, address: Address, port: Port };
    return owner === undefined ? service : { ...service, owner };
  });
}

/** An id is somebody else's. */
function takenError(other: Pick<ForeignService, 'id' | 'owner'>): OperationError {
  return new OperationError('E_ID_TAKEN', describeTaken(other));
}

interface Held {
  readonly services: string;
  readonly checks: string;
  readonly parsed: readonly RegisteredService[];
  readonly node?: string;
}

interface HeldUnowned {
  readonly services: string;
  readonly parsed: readonly ForeignService[];
}

/** Options of a call through the npm package, which by itself waits for ever. */
interface Limits {
  readonly timeout: number;
  readonly token?: string;
}

interface PapiError {
  readonly statusCode?: number;
  readonly response?: { readonly body?: unknown };
}

function formatBody(body: unknown): string {
  if (Buffer.isBuffer(body)) return body.toString();
  return typeof body === 'string' ? body : '';
}
