import { OperationError } from '../kit/errors.ts';
import { decodeObject } from '../pilot/api/decode.ts';
import { isInForce } from '../pilot/api/in-force.ts';
import { formatKey, kinds } from '../pilot/api/kinds.ts';
import type { ConfigResource, ResourceSet } from '../pilot/api/resource.ts';
import type { Endpoint, Service } from '../pilot/model/service.ts';
import type { NodeId } from '../sidecar/contract/node.ts';

/** A proxy as /debug/proxies shows it. */
export interface LiveProxy {
  readonly node: { readonly id: NodeId };
  readonly synced: boolean;
  readonly types: Readonly<Record<string, { readonly rejection?: { readonly text: string } }>>;
}

/** What a running pilot says of itself: only questions, so nothing in the mesh changes. */
export class LiveClient {
  readonly server: string;

  constructor(server: string) {
    this.server = server.replace(/\/$/, '');
  }

  /** The rules in force: of what is only stored, Secrets among it, nothing is read. */
  async rules(): Promise<ResourceSet> {
    const lists = await Promise.all(
      kinds
        .filter(({ kind }) => isInForce(kind))
        .map(({ group, versions, plural }) =>
          this.#get(`/apis/${group}/${versions[0] ?? ''}/${plural}`),
        ),
    );
    return lists
      .flatMap((list) => (list as { readonly items: readonly unknown[] }).items)
      .flatMap((object): readonly ConfigResource[] => {
        const decoded = decodeObject(object, 'Ignore');
        return decoded.ok ? [decoded.resource] : [];
      })
      .sort((left, right) => (formatKey(left.key) < formatKey(right.key) ? -1 : 1));
  }

  async services(): Promise<readonly Service[]> {
    return (await this.#get('/debug/services')) as readonly Service[];
  }

  /** By host name; those that get calls. */
  async endpoints(): Promise<Readonly<Record<string, readonly Endpoint[]>>> {
    return (await this.#get('/debug/endpoints')) as Readonly<Record<string, readonly Endpoint[]>>;
  }

  async proxies(): Promise<readonly LiveProxy[]> {
    return (await this.#get('/debug/proxies')) as readonly LiveProxy[];
  }

  /** /debug/NAME; undefined where pilot has no such view. */
  async view(name: string): Promise<unknown> {
    const response = await this.#fetch(`/debug/${name}`);
    if (response.ok) return response.json();
    await response.arrayBuffer();
    return undefined;
  }

  async #get(path: string): Promise<unknown> {
    const response = await this.#fetch(path);
    if (response.ok) return response.json();
    await response.arrayBuffer();
    throw new OperationError(
      'E_LIVE_SERVER',
      `${this.server}${path} answers ${response.status}: is that the configuration API of a mesh?`,
    );
  }

  async #fetch(path: string): Promise<Response> {
    try {
      return await fetch(`${this.server}${path}`, { signal: AbortSignal.timeout(10_000) });
    } catch (cause) {
      throw new OperationError(
        'E_LIVE_SERVER',
        `nothing answers at ${this.server}; start a mesh (npm start, docker compose up) or name its API with --server`,
        { cause },
      );
    }
  }
}
