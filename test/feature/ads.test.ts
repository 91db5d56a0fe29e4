import assert from 'node:assert/strict';
import { AdsServer } from '../../pilot/ads/server.ts';
import type { Snapshot } from '../../pilot/xds/resource.ts';
import { createLog } from '../../kit/log.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { freePort } from '../support/ports.ts';
import { AdsClient } from './ads-client.ts';
import { FixedSource } from './fixed-source.ts';
import { edsCluster, endpoints, httpListener, routes, snapshotOf } from './xds-fixture.ts';

const first = snapshotOf({
  cluster: [edsCluster('a')],
  endpoint: [endpoints('a', 1)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['a'])],
});
const second = snapshotOf({
  cluster: [edsCluster('b')],
  endpoint: [endpoints('b', 2)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['b'])],
});
/** Big enough that bodies are not copied. */
const names = Array.from({ length: 800 }, (_, index) => `service-${index}.service.consul`);
const big = snapshotOf({
  cluster: names.map((name) => edsCluster(name)),
  endpoint: names.map((name) => endpoints(name, 80)),
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', names)],
});

describe('the ADS server', () => {
  const lifecycle = new Lifecycle();
  let source: FixedSource;
  let server: AdsServer;
  let address: string;

  beforeEach(async () => {
    source = new FixedSource();
    server = new AdsServer({ source, log: createLog('test', 'silent') });
    address = await server.listen('127.0.0.1:0');
  });
  afterEach(() => server.close());
  after(() => lifecycle.close());

  function connect(transport: 'delta' | 'sotw', options: { node?: string } = {}): AdsClient {
    const client = new AdsClient({ address, transport, ...options });
    lifecycle.add({
      close: () => {
        client.disconnect();
      },
    });
    client.connect();
    return client;
  }

  const has = (client: AdsClient, snapshot: Snapshot) => (): boolean =>
    (['cluster', 'endpoint', 'listener', 'route'] as const).every((type) => {
      const held = client.model.held[type];
      const wanted = snapshot[type].resources;
      return (
        held.size === wanted.size &&
        [...wanted.values()].every(({ name, version }) => held.get(name)?.version === version)
      );
    });

  for (const transport of ['delta', 'sotw'] as const) {
    it(`brings a ${transport} client from one snapshot to another without a gap`, async () => {
      source.set(first);
      const client = connect(transport);
      await client.until(has(client, first));
      source.set(second);
      await client.until(has(client, second));
      await server.whenSynced();
      assert.deepEqual(client.model.violations, []);
    });

    it(`delivers big snapshots to many ${transport} clients`, async () => {
      const clients = Array.from({ length: 4 }, () => connect(transport));
      source.set(big);
      await Promise.all(clients.map((client) => client.until(has(client, big))));
      await server.whenSynced();
      assert.deepEqual(
        clients.map((client) => client.model.violations),
        [[], [], [], []],
      );
    });
  }

  it('refuses a node id it cannot parse, and says what it expects', async () => {
    const client = connect('delta', { node: 'my-envoy' });
    await client.until(() => client.ended() !== undefined);
    assert.equal(
      client.ended()?.details,
      'node id "my-envoy" is not TYPE~IP~ID~DOMAIN, ' +
        'such as sidecar~172.18.0.5~reviews-v1.default~service.consul',
    );
    assert.deepEqual([client.ended()?.code, server.counters().refused], [3, 1]);
  });

  it('parses the node and reports what the proxy has', async () => {
    source.set(first);
    const client = connect('delta', { node: 'sidecar~127.0.0.9~app.shop~service.consul' });
    await client.until(has(client, first));
    await server.whenSynced();
    const [status] = server.status();
    const version = (type: keyof Snapshot): string => first[type].version;
    assert.deepEqual(
      { node: status?.node.id, namespaces: status?.node.metadata.namespace, types: status?.types },
      {
        node: { type: 'sidecar', address: '127.0.0.9', id: 'app.shop', domain: 'service.consul' },
        namespaces: 'default',
        types: {
          cluster: {
            sent: version('cluster'),
            acked: version('cluster'),
            subscribed: 'all',
            available: 1,
          },
          endpoint: {
            sent: version('endpoint'),
            acked: version('endpoint'),
            subscribed: 1,
            available: 1,
          },
          listener: {
            sent: version('listener'),
            acked: version('listener'),
            subscribed: 'all',
            available: 1,
          },
          route: { sent: version('route'), acked: version('route'), subscribed: 1, available: 1 },
        },
      },
    );
  });

  it('counts a rejection, shows its text and does not send the version again', async () => {
    source.set(first);
    const client = new AdsClient({
      address,
      transport: 'delta',
      refuse: (_, resource) => (resource.version === edsCluster('b').version ? 'no b' : undefined),
    });
    lifecycle.add({
      close: () => {
        client.disconnect();
      },
    });
    client.connect();
    await client.until(has(client, first));
    source.set({
      ...first,
      cluster: snapshotOf({ cluster: [edsCluster('a'), edsCluster('b')] }).cluster,
    });
    await client.until(() =>
      client.responses.some(({ resources }) => resources.some(({ name }) => name === 'b')),
    );
    source.set({
      ...first,
      endpoint: snapshotOf({ endpoint: [endpoints('a', 7)] }).endpoint,
      cluster: snapshotOf({ cluster: [edsCluster('a'), edsCluster('b')] }).cluster,
    });
    await client.until(
      () => client.model.held.endpoint.get('a')?.version === endpoints('a', 7).version,
    );
    await server.whenSynced();
    assert.deepEqual(
      {
        sent: client.responses.filter(({ type }) => type === 'cluster').length,
        rejections: server.counters().types.cluster.rejections,
        names: server.status()[0]?.types.cluster?.rejection?.names,
        text: server.status()[0]?.types.cluster?.rejection?.text,
      },
      { sent: 2, rejections: 1, names: ['b'], text: 'b: no b' },
    );
  });

  it('sends only what changed to a client that comes back to another server', async () => {
    // Of those that nobody else is given while there is no server.
    address = await server.listen(`127.0.0.1:${await freePort()}`);
    source.set(first);
    const client = connect('delta');
    await client.until(has(client, first));
    await server.close();
    await client.until(() => client.ended() !== undefined);
    client.disconnect();
    client.responses.length = 0;

    source = new FixedSource();
    server = new AdsServer({ source, log: createLog('test', 'silent') });
    await server.listen(address);
    source.set({ ...first, endpoint: snapshotOf({ endpoint: [endpoints('a', 9)] }).endpoint });
    client.connect();
    await client.until(
      () => client.model.held.endpoint.get('a')?.version === endpoints('a', 9).version,
    );
    await server.whenSynced();
    assert.deepEqual(
      client.responses.flatMap(({ resources, removed }) => [
        ...resources.map(({ name }) => name),
        ...removed,
      ]),
      ['a'],
    );
  });

  it('stays silent while there is no snapshot', async () => {
    const client = connect('delta');
    while (source.nodes.length === 0) await new Promise(setImmediate);
    await server.whenSynced();
    assert.deepEqual(
      [client.responses, server.status()[0]?.types.cluster],
      [[], { subscribed: 'all', available: 0 }],
    );
  });
});
