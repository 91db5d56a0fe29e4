import assert from 'node:assert/strict';
import { createConsulClient } from '../../kit/consul-client.ts';
import { OperationError } from '../../kit/errors.ts';
import { TestConsul, type HealthEntry } from '../../test/support/consul.ts';
import { until } from '../../test/support/until.ts';
import type { ServiceRecord } from '../contract/registration.ts';
import { AgentRegistry } from './registry.ts';

describe('AgentRegistry on a real Consul', () => {
  let consul: TestConsul;
  let registry: AgentRegistry;

  const connect = (owner: string, address = consul.address): AgentRegistry =>
    new AgentRegistry({ address, owner, client: createConsulClient({ address }) });

  const record: ServiceRecord = {
    id: 'host:web:80:udp',
    name: 'web',
    tags: ['version|v1', 'a,b'],
    meta: { 'composemesh-owner': 'ENGI:NE', protocol: 'http' },
    address: '10.0.0.2',
    port: 8080,
    weight: 7,
    tagOverride: true,
    taggedAddresses: {
      lan_ipv4: { address: '10.0.0.2', port: 8080 },
      wan_ipv4: { address: '192.0.2.1', port: 80 },
      lan_ipv6: { address: 'fd00::2', port: 8080 },
      wan_ipv6: { address: 'fd00::2', port: 8080 },
    },
    checks: [
      { kind: 'ttl', name: 'TTL', notes: 'reports every 1h', definition: { TTL: '1h' } },
      {
        kind: 'tcp',
        name: 'TCP',
        notes: 'connect',
        definition: { TCP: '127.0.0.1:1', Interval: '1h' },
      },
    ],
    health: { status: 'passing', output: 'container web is running' },
  };
  const held = { ...record, checks: undefined };
  const registered = {
    ...held,
    checks: {
      'service:host:web:80:udp:ttl': 'reports every 1h',
      'service:host:web:80:udp:tcp': 'connect',
    },
  };
  const plain: ServiceRecord = { ...record, id: 'plain', name: 'plain', checks: [] };

  before(async () => {
    consul = await TestConsul.start();
    registry = connect('ENGI:NE');
  });

  after(async () => {
    registry.close();
    await consul.stop();
  });

  afterEach(async () => {
    for (const { id } of await registry.read()) await registry.deregister(id);
    await consul.put('/agent/service/deregister/foreign').catch(() => undefined);
  });

  it('reads back exactly what it wrote', async () => {
    await registry.register(record, true);
    assert.deepEqual(await registry.read(), [registered]);
  });

  it('takes away checks that are no longer declared', async () => {
    await registry.register(record, true);
    await registry.register({ ...record, checks: [] }, false);
    assert.deepEqual(await registry.read(), [{ ...registered, checks: {} }]);
  });

  it('passes another reason on to the catalogue at once, and leaves declared checks alone', async () => {
    const health = { status: 'critical', output: 'container web is paused' } as const;
    await registry.register({ ...record, health: { ...health, output: 'another' } }, true);
    await registry.explain(record, health);
    await until('the reason', async () =>
      Object.values(await consul.states('web')).includes('critical: container web is paused'),
    );
    assert.deepEqual(await registry.read(), [{ ...registered, health }]);
  });

  it('leaves the maintenance mode of a service on when it registers it again', async () => {
    await registry.register(record, true);
    const id = encodeURIComponent(record.id);
    await consul.put(`/agent/service/maintenance/${id}?enable=true&reason=upgrade`);
    await registry.register({ ...record, weight: 1, checks: record.checks.slice(0, 1) }, false);
    const checks = await consul.get<Record<string, { Notes: string }>>('/agent/checks');
    assert.deepEqual(Object.keys(checks).sort(), [
      `_service_maintenance:${record.id}`,
      `service:${record.id}:docker`,
      `service:${record.id}:ttl`,
    ]);
    assert.deepEqual(
      (await registry.read()).map(({ maintenance }) => maintenance),
      ['upgrade'],
    );
    await consul.put(`/agent/service/maintenance/${id}?enable=false`);
    assert.deepEqual(
      (await registry.read()).map(({ maintenance }) => maintenance),
      [undefined],
    );
  });

  it('sees and touches only what carries its mark', async () => {
    const other = connect('OTHER');
    await consul.put('/agent/service/register', { ID: 'foreign', Name: 'foreign' });
    await registry.register(plain, true);
    assert.deepEqual(await other.read(), []);
    await assert.rejects(other.register(plain, true), { code: 'E_ID_TAKEN' });
    await assert.rejects(registry.register({ ...plain, id: 'foreign' }, true), {
      code: 'E_ID_TAKEN',
    });
    other.close();
  });

  it('deregisters what is there, and accepts what is not', async () => {
    await registry.register(plain, true);
    await registry.deregister(plain.id);
    await registry.deregister(plain.id);
    assert.deepEqual(await registry.read(), []);
  });

  it("reports Consul's own words when it refuses a service", async () => {
    await assert.rejects(
      registry.register({ ...plain, meta: { 'consul-x': '1' } }, true),
      (error) => {
        assert.ok(error instanceof OperationError);
        assert.equal(error.code, 'E_CONSUL_HTTP');
        assert.match(error.message, /Key prefix 'consul-' is reserved/);
        return true;
      },
    );
  });

  it('keeps instances passing through a restart of the agent, without a moment of critical', async () => {
    await registry.register(plain, true);
    await until('passing', async () => (await consul.passing('plain')).length === 1);
    await consul.halt();
    const watching = watchStates(consul, 'plain');
    await consul.run();
    // Its own sync to the catalogue is over when a later write of the agent has arrived there.
    await registry.register({ ...plain, id: 'later', name: 'later' }, true);
    await until('the later write', async () => (await consul.passing('later')).length === 1);
    const before = watching.seen.length;
    await until('one more look', () => watching.seen.length > before);
    await watching.stop();
    assert.deepEqual([...new Set(watching.seen)], ['passing']);
    assert.deepEqual(
      await registry.read().then((all) => all.map(({ id, health }) => [id, health?.status])),
      [
        ['later', 'passing'],
        ['plain', 'passing'],
      ],
    );
  });

  it('fails within its time limit when the agent is away', async () => {
    const nowhere = connect('ENGI:NE', 'http://127.0.0.1:1');
    await assert.rejects(nowhere.read(), { code: 'E_CONSUL_UNREACHABLE' });
    await assert.rejects(nowhere.register(plain, true), { code: 'E_CONSUL_UNREACHABLE' });
    nowhere.close();
  });
});

/** Every state of the instances that a reader with blocking queries sees, until it is stopped. */
function watchStates(
  consul: TestConsul,
  service: string,
): { readonly seen: readonly string[]; readonly stop: () => Promise<void> } {
  const seen: string[] = [];
  const end = new AbortController();
  const read = async (index: number): Promise<number> => {
    const { body, index: next } = await consul.client.request({
      path: `/v1/health/service/${service}?index=${index}&wait=1s`,
      signal: end.signal,
    });
    for (const { Checks } of body as HealthEntry[]) {
      const check = Checks.find(({ CheckID }) => CheckID.endsWith(':docker'));
      seen.push(check?.Status ?? 'none');
    }
    return next ?? 1;
  };
  const run = async (): Promise<void> => {
    let index = 1;
    while (!end.signal.aborted) {
      // While the agent is down there is nothing to see; the next read sees what it comes back with.
      index = await read(index).catch(() => 1);
    }
  };
  const running = run();
  return {
    seen,
    stop: async () => {
      end.abort();
      await running;
    },
  };
}
