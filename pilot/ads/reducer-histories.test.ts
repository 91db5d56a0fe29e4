import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ModelRequest } from '../../test/feature/envoy-model.ts';
import { EnvoyModel } from '../../test/feature/envoy-model.ts';
import {
  edsCluster,
  endpoints,
  httpListener,
  routes,
  snapshotOf,
} from '../../test/feature/xds-fixture.ts';
import type { EncodedResource, Snapshot, XdsType } from '../xds/resource.ts';
import type { Transport } from './request.ts';
import type { Effect, OverdueEvent, RequestEvent, StreamEvent } from './stream-state.ts';
import { Probe } from '../../test/feature/reducer-probe.ts';

/** Drives a reducer and a client against each other in an order that the test chooses. */
class Wire {
  readonly #transport: Transport;
  readonly client: EnvoyModel;
  #server: Probe;
  #toServer: ModelRequest[] = [];
  #toClient: Extract<Effect, { kind: 'send' }>[] = [];
  #timers: OverdueEvent[] = [];
  /** Those for clusters that do not get warm in time. */
  #lastTimers: OverdueEvent[] = [];

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#server = new Probe(transport);
    const refuse = (_: XdsType, resource: EncodedResource): string | undefined =>
      poisoned.has(resource.version) ? 'poison' : undefined;
    this.client = new EnvoyModel({ transport, refuse });
    this.#toServer.push(...this.client.connect());
  }

  snapshot(snapshot: Snapshot): void {
    this.#feed({ kind: 'snapshot', snapshot });
  }

  reconnect(): void {
    const { target } = this.#server.state;
    this.#server = new Probe(this.#transport);
    [this.#toClient, this.#timers, this.#lastTimers] = [[], [], []];
    this.#toServer = [...this.client.connect()];
    if (target !== undefined) this.snapshot(target);
  }

  /** Lets one thing happen; returns whether there was one. */
  step(which: 'client' | 'server' | 'timer'): boolean {
    if (which === 'timer') return this.#fire(this.#timers);
    if (which === 'client') return this.#deliverToClient();
    const request = this.#toServer.shift();
    if (request !== undefined) this.#feed(toEvent(this.#transport, request));
    return request !== undefined;
  }

  drain(): void {
    const goOn = (): boolean => this.step('client') || this.step('server') || this.step('timer');
    while (goOn() || this.#fire(this.#lastTimers) || this.#giveUpWarming()) continue;
  }

  isSynced(): boolean {
    return this.#server.state.synced;
  }

  #deliverToClient(): boolean {
    const response = this.#toClient.shift();
    if (response !== undefined) this.#toServer.push(...this.client.receive(response));
    return response !== undefined;
  }

  #giveUpWarming(): boolean {
    const acks = this.client.giveUpWarming();
    this.#toServer.push(...acks);
    return acks.length > 0;
  }

  #fire(timers: OverdueEvent[]): boolean {
    const timer = timers.shift();
    if (timer !== undefined) this.#feed(timer);
    return timer !== undefined;
  }

  #feed(event: StreamEvent): void {
    this.#server.effects = [];
    this.#server.feed(event);
    for (const effect of this.#server.effects) {
      if (effect.kind === 'send') this.#toClient.push(effect);
      if (effect.kind !== 'await') continue;
      // Clusters are given up last: one whose change was cut off by a reconnect waits for endpoints that it has.
      if (effect.event.what === 'requests') this.#timers.push(effect.event);
      else this.#lastTimers.push(effect.event);
    }
  }
}

function toEvent(transport: Transport, request: ModelRequest): RequestEvent {
  const { type, nonce, names, subscribe, unsubscribe, versions, error } = request;
  return {
    kind: 'request',
    type,
    nonce,
    versions: new Map(Object.entries(versions)),
    names:
      transport === 'sotw' ? { kind: 'list', names } : { kind: 'change', subscribe, unsubscribe },
    ...(error === undefined ? {} : { error }),
  };
}

/** Versions that the client of the property tests refuses: those of revision 7. */
const poisoned = new Set<string>();
const clusterNames = ['a', 'b', 'c', 'd'];
const routeNames = ['r1', 'r2'];
for (const name of clusterNames) poisoned.add(edsCluster(name, 7).version);

function poison(resource: EncodedResource, revision: number): EncodedResource {
  if (revision === 7) poisoned.add(resource.version);
  return resource;
}

/** Consistent snapshots: routes name clusters that exist, listeners name routes that exist. */
function snapshots(revisions: fc.Arbitrary<number>): fc.Arbitrary<Snapshot> {
  const cluster = fc.record({ revision: revisions, port: fc.integer({ min: 1, max: 3 }) });
  return fc
    .dictionary(fc.constantFrom(...clusterNames), cluster, { noNullPrototype: true })
    .chain((clusters) => {
      const names = Object.keys(clusters);
      const route = fc.record({ revision: revisions, clusters: fc.subarray(names) });
      const listened = fc.dictionary(fc.constantFrom(...routeNames), route, {
        noNullPrototype: true,
      });
      return listened.map((routed) =>
        snapshotOf({
          cluster: names.map((name) => edsCluster(name, clusters[name]!.revision)),
          endpoint: names.map((name) => endpoints(name, clusters[name]!.port)),
          listener: Object.keys(routed).map((name) => httpListener(`l-${name}`, 80, name)),
          route: Object.entries(routed).map(([name, { revision, clusters: named }]) =>
            poison(routes(name, named, revision), revision),
          ),
        }),
      );
    });
}

type Action =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'step'; readonly which: 'client' | 'server' | 'timer' }
  | { readonly kind: 'drain' | 'reconnect' };

function actions(transport: Transport): fc.Arbitrary<Action[]> {
  const step = fc.record({
    kind: fc.constant('step' as const),
    which: fc.constantFrom('client' as const, 'server' as const, 'timer' as const),
  });
  const snapshot = fc.record({
    kind: fc.constant('snapshot' as const),
    snapshot: snapshots(fc.constantFrom(0, 1, 7)),
  });
  const drain: fc.Arbitrary<Action> = fc.constant({ kind: 'drain' });
  const reconnect: fc.Arbitrary<Action> = fc.constant({ kind: 'reconnect' });
  // A state-of-the-world client does not say what it has, so a reconnect cannot be make before break.
  const rare = transport === 'delta' ? [{ weight: 1, arbitrary: reconnect }] : [];
  return fc.array(
    fc.oneof(
      { weight: 12, arbitrary: step },
      { weight: 2, arbitrary: snapshot },
      { weight: 1, arbitrary: drain },
      ...rare,
    ),
    { maxLength: 120 },
  );
}

function contents(held: EnvoyModel['held'], type: XdsType): Record<string, string> {
  const sorted = [...held[type].values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, version }) => [name, version]));
}

function wanted(snapshot: Snapshot, type: XdsType): Record<string, string> {
  const all = [...snapshot[type].resources.values()];
  return Object.fromEntries(all.map(({ name, version }) => [name, version]));
}

describe('an ADS stream, whatever happens', () => {
  for (const transport of ['delta', 'sotw'] as const) {
    it(`ends with the last snapshot and never breaks traffic on the way (${transport})`, () => {
      const property = fc.property(actions(transport), snapshots(fc.constant(2)), (steps, last) => {
        const wire = new Wire(transport);
        for (const action of steps) {
          if (action.kind === 'snapshot') wire.snapshot(action.snapshot);
          else if (action.kind === 'step') wire.step(action.which);
          else if (action.kind === 'drain') wire.drain();
          else wire.reconnect();
        }
        wire.snapshot(last);
        wire.drain();
        const types = ['cluster', 'endpoint', 'listener', 'route'] as const;
        assert.deepEqual(
          {
            held: types.map((type) => contents(wire.client.held, type)),
            violations: wire.client.violations,
            synced: wire.isSynced(),
          },
          { held: types.map((type) => wanted(last, type)), violations: [], synced: true },
        );
      });
      fc.assert(property, { numRuns: 300 });
    });
  }
});
