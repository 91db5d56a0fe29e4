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
import { reduce } from './reducer.ts';
import type { Transport } from './request.ts';
import type { Effect, OverdueEvent, RequestEvent, StreamEvent } from './stream-state.ts';
import { initialState } from './stream-state.ts';

type Requested = Partial<Omit<RequestEvent, 'kind' | 'type'>>;

/** A stream whose sends are printed as `type: names -removed`. */
class Probe {
  state;
  effects: Effect[] = [];

  constructor(transport: Transport) {
    this.state = initialState(transport);
  }

  feed(event: StreamEvent): string[] {
    const { state, effects } = reduce(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return effects.flatMap((effect) =>
      effect.kind === 'send'
        ? [
            `${effect.type}:${effect.resources.map((one) => ` ${one.name}`).join('')}` +
              effect.removed.map((name) => ` -${name}`).join(''),
          ]
        : [],
    );
  }

  snapshot(snapshot: Snapshot): string[] {
    return this.feed({ kind: 'snapshot', snapshot });
  }

  request(type: XdsType, requested: Requested = {}): string[] {
    const names =
      this.state.transport === 'delta'
        ? ({ kind: 'change', subscribe: [], unsubscribe: [] } as const)
        : ({ kind: 'list', names: [] } as const);
    return this.feed({
      kind: 'request',
      type,
      nonce: '',
      names,
      versions: new Map(),
      ...requested,
    });
  }

  subscribe(type: XdsType, ...subscribe: string[]): string[] {
    return this.request(type, { names: { kind: 'change', subscribe, unsubscribe: [] } });
  }

  ack(type: XdsType, names: readonly string[] = []): string[] {
    const { nonce } = this.state.types[type];
    return this.request(type, {
      nonce,
      ...(this.state.transport === 'sotw' ? { names: { kind: 'list', names } } : {}),
    });
  }

  nack(type: XdsType, error: string): string[] {
    return this.request(type, { nonce: this.state.types[type].nonce, error });
  }

  overdue(what: OverdueEvent['what']): string[] {
    const awaited = this.effects.findLast(
      (effect) => effect.kind === 'await' && effect.event.what === what,
    );
    assert.ok(awaited?.kind === 'await', `nothing awaits ${what}`);
    return this.feed(awaited.event);
  }
}

const before = snapshotOf({
  cluster: [edsCluster('a')],
  endpoint: [endpoints('a', 1)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['a'])],
});
/** Another cluster takes over. */
const after = snapshotOf({
  cluster: [edsCluster('b')],
  endpoint: [endpoints('b', 2)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['b'])],
});

/** A delta stream that has acknowledged all of `before`. */
function synced(): Probe {
  const probe = new Probe('delta');
  probe.snapshot(before);
  probe.request('cluster');
  probe.subscribe('endpoint', 'a');
  probe.ack('endpoint');
  probe.ack('cluster');
  probe.request('listener');
  probe.ack('listener');
  probe.subscribe('route', 'r');
  probe.ack('route');
  assert.ok(probe.state.synced);
  return probe;
}

describe('a delta ADS stream', () => {
  it('sends nothing before there is a snapshot', () => {
    const probe = new Probe('delta');
    assert.deepEqual(probe.request('cluster'), []);
    assert.deepEqual(probe.snapshot(before), ['cluster: a']);
  });

  it('sends what the client asks for, in order', () => {
    const probe = new Probe('delta');
    probe.snapshot(before);
    assert.deepEqual(
      [
        probe.request('cluster'),
        probe.subscribe('endpoint', 'a'),
        probe.ack('endpoint'),
        probe.ack('cluster'),
        probe.request('listener'),
        probe.ack('listener'),
        probe.subscribe('route', 'r'),
        probe.ack('route'),
      ],
      [['cluster: a'], ['endpoint: a'], [], [], ['listener: l'], [], ['route: r'], []],
    );
  });

  it('makes before it breaks', () => {
    const probe = synced();
    assert.deepEqual(
      {
        push: probe.snapshot(after),
        endpointsAsked: probe.subscribe('endpoint', 'b'),
        endpointsAcked: probe.ack('endpoint'),
        clustersAcked: probe.ack('cluster'),
        routesAcked: probe.ack('route'),
        removalAcked: probe.ack('cluster'),
      },
      {
        push: ['cluster: b'],
        endpointsAsked: ['endpoint: b'],
        endpointsAcked: [],
        clustersAcked: ['route: r'],
        routesAcked: ['cluster: -a'],
        removalAcked: [],
      },
    );
    assert.ok(probe.state.synced);
  });

  it('holds routes until new endpoints are acknowledged', () => {
    const probe = synced();
    probe.snapshot(after);
    assert.deepEqual(probe.ack('cluster'), []);
    assert.deepEqual(probe.subscribe('endpoint', 'b'), ['endpoint: b']);
    assert.deepEqual(probe.ack('endpoint'), ['route: r']);
  });

  it('does not wait for ever for a client that does not ask for endpoints', () => {
    const probe = synced();
    probe.snapshot(after);
    assert.deepEqual(probe.ack('cluster'), []);
    assert.deepEqual(probe.overdue('requests'), ['route: r']);
  });

  it('waits again at the next push', () => {
    const probe = synced();
    probe.snapshot(after);
    probe.ack('cluster');
    probe.overdue('requests');
    probe.ack('route');
    probe.ack('cluster');
    probe.effects = [];
    probe.snapshot(before);
    assert.deepEqual(probe.ack('cluster'), []);
    assert.deepEqual(probe.state.waiting, false, 'a is still subscribed');
    assert.deepEqual(probe.ack('endpoint'), ['route: r']);
  });

  it('does not wait for ever for clusters that cannot become warm', () => {
    const probe = synced();
    probe.snapshot(after);
    probe.subscribe('endpoint', 'b');
    assert.deepEqual(probe.ack('endpoint'), []);
    assert.deepEqual(probe.overdue('clusters'), ['route: r']);
  });

  it('answers every endpoint subscription, also for an unknown cluster and for one it knows', () => {
    const probe = synced();
    assert.deepEqual(probe.subscribe('endpoint', 'unknown', 'a'), ['endpoint: unknown a']);
    assert.deepEqual(probe.ack('endpoint'), []);
  });

  it('tells of routes that do not exist', () => {
    assert.deepEqual(synced().subscribe('route', 'nowhere'), ['route: -nowhere']);
  });

  it('answers once for endpoints that are gone while their cluster changes', () => {
    const probe = synced();
    const cluster = snapshotOf({ cluster: [edsCluster('a', 1)] }).cluster;
    const sent = probe.snapshot({ ...before, cluster, endpoint: snapshotOf({}).endpoint });
    assert.deepEqual(sent, ['cluster: a', 'endpoint: a']);
  });

  it('sends the endpoints of a changed cluster again', () => {
    const probe = synced();
    const changed = { ...before, cluster: snapshotOf({ cluster: [edsCluster('a', 1)] }).cluster };
    assert.deepEqual(probe.snapshot(changed), ['cluster: a', 'endpoint: a']);
  });

  it('sends one resource for one changed endpoint', () => {
    const probe = synced();
    const changed = { ...before, endpoint: snapshotOf({ endpoint: [endpoints('a', 9)] }).endpoint };
    assert.deepEqual(probe.snapshot(changed), ['endpoint: a']);
  });

  it('sends empty endpoints when a cluster that stays has lost its own', () => {
    const probe = synced();
    const emptied = { ...before, endpoint: snapshotOf({}).endpoint };
    assert.deepEqual(probe.snapshot(emptied), ['endpoint: a']);
    assert.deepEqual(probe.ack('endpoint'), []);
  });

  it('has one response per type in flight and skips snapshots that came meanwhile', () => {
    const probe = synced();
    const version = (revision: number): Snapshot => ({
      ...before,
      route: snapshotOf({ route: [routes('r', ['a'], revision)] }).route,
    });
    assert.deepEqual(probe.snapshot(version(1)), ['route: r']);
    assert.deepEqual(probe.snapshot(version(2)), []);
    assert.deepEqual(probe.snapshot(version(3)), []);
    assert.deepEqual(probe.ack('route'), ['route: r']);
    assert.deepEqual(probe.ack('route'), []);
    assert.equal(probe.state.types.route.acked, version(3).route.version);
  });

  it('does not send a rejected version again, and keeps what the old one needs', () => {
    const probe = synced();
    probe.snapshot(after);
    probe.subscribe('endpoint', 'b');
    probe.ack('endpoint');
    assert.deepEqual(probe.ack('cluster'), ['route: r']);
    assert.deepEqual(probe.nack('route', 'r: no'), []);
    assert.deepEqual(probe.state.types.route.rejection, {
      version: after.route.version,
      text: 'r: no',
      names: ['r'],
    });
    assert.deepEqual(probe.snapshot({ ...after }), []);
    const repaired = { ...after, route: snapshotOf({ route: [routes('r', ['b'], 1)] }).route };
    assert.deepEqual(probe.snapshot(repaired), ['route: r']);
    assert.deepEqual(probe.ack('route'), ['cluster: -a']);
    assert.equal(probe.state.types.route.rejection, undefined);
  });

  it('blames every resource of a response when the client names none', () => {
    const probe = synced();
    const two = snapshotOf({ ...{}, cluster: [edsCluster('a', 1), edsCluster('c')] });
    probe.snapshot({ ...before, cluster: two.cluster });
    probe.nack('cluster', 'something is wrong');
    assert.deepEqual(probe.state.types.cluster.rejection?.names, ['a', 'c']);
  });

  it('answers a reconnect with changes and removals only', () => {
    const probe = new Probe('delta');
    probe.snapshot(after);
    const claim = (type: XdsType, ...names: string[]): Requested => ({
      names: { kind: 'change', subscribe: type === 'cluster' ? ['*'] : names, unsubscribe: [] },
      versions: new Map(
        names.map((name) => [name, before[type].resources.get(name)?.version ?? '']),
      ),
    });
    assert.deepEqual(
      [
        probe.request('cluster', claim('cluster', 'a')),
        probe.request('endpoint', claim('endpoint', 'a')),
        probe.request('listener', {
          ...claim('listener', 'l'),
          names: { kind: 'change', subscribe: [], unsubscribe: [] },
        }),
        probe.request('route', claim('route', 'r')),
        probe.subscribe('endpoint', 'b'),
        probe.ack('endpoint'),
        probe.ack('cluster'),
        probe.ack('listener'),
        probe.ack('route'),
      ],
      [
        ['cluster: b'],
        [],
        [],
        [],
        ['endpoint: b'],
        [],
        ['listener:', 'route: r'],
        [],
        ['cluster: -a'],
      ],
    );
  });

  it('says nothing new to a client that comes back with everything', () => {
    const probe = new Probe('delta');
    probe.snapshot(before);
    const { version = '' } = before.cluster.resources.get('a') ?? {};
    assert.deepEqual(probe.request('cluster', { versions: new Map([['a', version]]) }), [
      'cluster:',
    ]);
    assert.equal(probe.state.types.cluster.given, before.cluster);
  });

  it('removes what a client has left over, also when it asks for nothing else', () => {
    const probe = new Probe('delta');
    probe.snapshot(before);
    const versions = new Map([
      ['old', 'x'],
      ['a', before.cluster.resources.get('a')?.version ?? ''],
    ]);
    assert.deepEqual(probe.request('cluster', { versions }), ['cluster:']);
    assert.deepEqual(probe.ack('cluster'), []);
    assert.deepEqual(probe.overdue('requests'), ['cluster: -old']);
  });

  it('stops sending what is no longer subscribed', () => {
    const probe = synced();
    probe.request('endpoint', { names: { kind: 'change', subscribe: [], unsubscribe: ['a'] } });
    const changed = { ...before, endpoint: snapshotOf({ endpoint: [endpoints('a', 9)] }).endpoint };
    assert.deepEqual(probe.snapshot(changed), []);
    assert.deepEqual(probe.subscribe('endpoint', 'a'), ['endpoint: a']);
  });

  it('shares the arrays of resources between streams', () => {
    const sent = [synced(), synced()].map((probe) => {
      probe.effects = [];
      probe.snapshot(after);
      return probe.effects.find((effect) => effect.kind === 'send')?.resources;
    });
    assert.equal(sent[0], sent[1]);
  });
});

describe('a state-of-the-world ADS stream', () => {
  it('sends all clusters and listeners, and the endpoints and routes that are named', () => {
    const probe = new Probe('sotw');
    const list = (...names: string[]): Requested => ({ names: { kind: 'list', names } });
    probe.snapshot(
      snapshotOf({
        cluster: [edsCluster('a'), edsCluster('b')],
        endpoint: [endpoints('a', 1), endpoints('b', 1)],
        listener: [httpListener('l', 80, 'r')],
        route: [routes('r', ['a'])],
      }),
    );
    assert.deepEqual(
      [
        probe.request('cluster'),
        probe.request('endpoint', list('a')),
        probe.ack('endpoint', ['a', 'b']),
        probe.ack('endpoint', ['a', 'b']),
        probe.ack('cluster'),
        probe.request('listener'),
        probe.request('route', list('r')),
      ],
      [['cluster: a b'], ['endpoint: a'], ['endpoint: a b'], [], [], ['listener: l'], ['route: r']],
    );
  });

  it('keeps removed clusters in the list until their routes are gone', () => {
    const probe = new Probe('sotw');
    probe.snapshot(before);
    probe.request('cluster');
    probe.request('endpoint', { names: { kind: 'list', names: ['a'] } });
    probe.ack('endpoint', ['a']);
    probe.ack('cluster');
    probe.request('listener');
    probe.ack('listener');
    probe.request('route', { names: { kind: 'list', names: ['r'] } });
    probe.ack('route', ['r']);
    assert.deepEqual(
      [
        probe.snapshot(after),
        probe.request('endpoint', {
          nonce: probe.state.types.endpoint.nonce,
          names: { kind: 'list', names: ['a', 'b'] },
        }),
        probe.ack('endpoint', ['a', 'b']),
        probe.ack('cluster'),
        probe.ack('route', ['r']),
      ],
      [['cluster: a b'], ['endpoint: a b'], [], ['route: r'], ['cluster: b']],
    );
  });

  it('ignores requests that answer an older response', () => {
    const probe = new Probe('sotw');
    probe.snapshot(before);
    probe.request('cluster');
    const old = probe.state.types.cluster.nonce;
    probe.ack('cluster');
    probe.snapshot(after);
    assert.deepEqual(probe.request('cluster', { nonce: old, error: 'late' }), []);
    assert.equal(probe.state.types.cluster.rejection, undefined);
    assert.ok(probe.state.types.cluster.inFlight);
  });
});

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
