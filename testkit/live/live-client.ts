import { OperationError } from '../../kit/errors.ts';
import { delay } from '../../kit/lifecycle.ts';
import { decodeObject } from '../../pilot/api/decode.ts';
import { isInForce } from '../../pilot/api/in-force.ts';
import { formatKey, kinds } from '../../pilot/api/kinds.ts';
import type { ConfigResource, ResourceSet } from '../../pilot/api/resource.ts';
import { type Connection, connectPilot } from '../../pilot/client/connection.ts';
import type { PilotAddress } from '../../pilot/client/pilot-address.ts';
import type { Endpoint, Service } from '../../pilot/model/service.ts';
import type { NodeId } from '../../sidecar/contract/node.ts';

/** A proxy as /debug/proxies shows it. */
export interface LiveProxy {
  readonly node: { readonly id: NodeId };
  readonly synced: boolean;
  readonly types: Readonly<Record<string, { readonly rejection?: { readonly text: string } }>>;
}

/** A rule as the configuration API answers it. */
interface ServedRule {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** For proxies that do not have the rules yet (ms). */
const patience = 5000;
/** Between two looks (ms). */
const pause = 20;

/** What a running pilot says of itself: only questions, so nothing in the mesh changes. */
export class LiveClient {
  readonly #connection: Connection;

  constructor(pilot: PilotAddress) {
    this.#connection = connectPilot(pilot);
  }

  async rules(): Promise<ResourceSet> {
    return decodeRules(await this.#readRules());
  }

  /**
   * The rules when every proxy has them: somebody may have applied them a moment ago. A proxy that refuses some, or is
   * busy for longer than five seconds, is not waited for: then the requests tell.
   */
  async settledRules(): Promise<ResourceSet> {
    const deadline = performance.now() + patience;
    let rules = await this.#readRules();
    while (!rules.every(hasArrived) && performance.now() < deadline) {
      await delay(pause);
      rules = await this.#readRules();
    }
    return decodeRules(rules);
  }

  /** Of what is only stored, Secrets among it, nothing is read. */
  async #readRules(): Promise<readonly ServedRule[]> {
    const lists = await Promise.all(
      kinds
        .filter(({ kind }) => isInForce(kind))
        .map(({ group, versions, plural }) =>
          this.#get(`/apis/${group}/${versions[0] ?? ''}/${plural}`),
        ),
    );
    return lists.flatMap((list) => (list as { readonly items: readonly ServedRule[] }).items);
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
    const { status, body } = await this.#connection.ask({ path: `/debug/${name}` });
    return status === 200 ? body : undefined;
  }

  async #get(path: string): Promise<unknown> {
    const { status, body } = await this.#connection.ask({ path });
    if (status === 200 && body !== undefined) return body;
    throw new OperationError(
      'E_LIVE_SERVER',
      `${this.#connection.address.url}${path} answers ${status}: is that the configuration API of a mesh?`,
    );
  }
}

function decodeRules(rules: readonly ServedRule[]): ResourceSet {
  return rules
    .flatMap((object): readonly ConfigResource[] => {
      const decoded = decodeObject(object, 'Ignore');
      return decoded.ok ? [decoded.resource] : [];
    })
    .sort((left, right) => (formatKey(left.key) < formatKey(right.key) ? -1 : 1));
}

/** Whether every proxy has accepted it; of what pilot does not say that, nobody waits for it. */
function hasArrived({ status }: ServedRule): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Reconciled');
  return condition?.status !== 'False';
}
