import assert from 'node:assert/strict';
import {
  edsCluster,
  endpoints,
  httpListener,
  routes,
  snapshotOf,
} from '../../test/feature/xds-fixture.ts';
import type { Snapshot, XdsType } from '../xds/resource.ts';
import { type Requested, Probe, after, before, synced } from '../../test/feature/reducer-probe.ts';

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
