/**
 * Which registrators that share a Consul are alive. Each writes a key of Consul's KV store now and then; one
 * whose key has not changed for long has vanished. What counts is that the key changes, as seen from here: the
 * clocks of the hosts need not agree.
 */
import type { Clock } from '../../kit/clock.ts';
import { ConsulHttpError, type ConsulClient } from '../../kit/consul-client.ts';
import { metaKeys } from '../contract/service-record.ts';

export interface PresenceOptions {
  readonly client: ConsulClient;
  readonly owner: string;
  readonly clock: Clock;
  /** How long a key stays the same until its registrator counts as vanished (ms). */
  readonly vanishedAfter: number;
}

/** A service on our agent that another registrator wrote. */
export interface OtherService {
  readonly id: string;
  readonly owner: string;
}

const folder = 'composemesh/registrators/';

interface Sighting {
  readonly index: number;
  /** When the key was first seen with this index. */
  readonly since: number;
}

/** All methods throw OperationError, as the client does. */
export class Presence {
  readonly #options: PresenceOptions;
  #sightings: ReadonlyMap<string, Sighting> = new Map();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Says that we are alive, and looks who else is. */
  beat = async (): Promise<void> => {
    const { client, owner, clock } = this.#options;
    // The store takes the same value again for no change.
    const body = { at: new Date(clock.now()).toISOString() };
    await client.request({ method: 'PUT', path: keyPath(owner), body });
    const entries = await this.#list();
    const now = clock.now();
    this.#sightings = new Map(
      entries.map(({ Key, ModifyIndex: index }) => {
        const name = decodeURIComponent(Key.slice(folder.length));
        const known = this.#sightings.get(name);
        return [name, known?.index === index ? known : { index, since: now }];
      }),
    );
  };

  /**
   * Services on our agent whose registrator has vanished. One that has no key never does: it was started
   * without `-cleanup-cron`.
   */
  findLeftovers = async (): Promise<readonly OtherService[]> => {
    const filter = encodeURIComponent(`${JSON.stringify(metaKeys.owner)} in Meta`);
    const { body } = await this.#options.client.request({
      path: `/v1/agent/services?filter=${filter}`,
    });
    return Object.values(body as Readonly<Record<string, AgentService>>)
      .map(({ ID, Meta }) => ({ id: ID, owner: Meta[metaKeys.owner] ?? '' }))
      .filter(({ owner }) => this.#hasVanished(owner));
  };

  /** Forgets a registrator; one that is alive after all will come back by itself. */
  forget = async (owner: string): Promise<void> => {
    await this.#options.client.request({ method: 'DELETE', path: keyPath(owner) });
  };

  #hasVanished(owner: string): boolean {
    const { owner: own, clock, vanishedAfter } = this.#options;
    const sighting = this.#sightings.get(owner);
    if (owner === own || sighting === undefined) return false;
    return clock.now() - sighting.since >= vanishedAfter;
  }

  async #list(): Promise<readonly KvEntry[]> {
    try {
      const { body } = await this.#options.client.request({ path: `/v1/kv/${folder}?recurse` });
      return body as readonly KvEntry[];
    } catch (error) {
      if (error instanceof ConsulHttpError && error.status === 404) return [];
      throw error;
    }
  }
}

interface KvEntry {
  readonly Key: string;
  readonly ModifyIndex: number;
}

interface AgentService {
  readonly ID: string;
  readonly Meta: Readonly<Record<string, string>>;
}

/** The owner may have a slash, which is encoded in the key itself. */
function keyPath(owner: string): string {
  return `/v1/kv/${folder}${encodeURIComponent(encodeURIComponent(owner))}`;
}
