import assert from 'node:assert/strict';
import { systemClock } from '../kit/clock.ts';
import { TestConsul } from '../test/support/consul.ts';
import { until } from '../test/support/until.ts';
import { AgentRegistry } from './consul/registry.ts';
import type { Health, ServiceRecord } from './contract/registration.ts';
import { Holdings } from './holdings.ts';
import type { Operation } from './plan/diff.ts';

describe('Holdings of a real Consul', () => {
  const owner = 'ENGI:NE';
  const record: ServiceRecord = {
    id: 'host:web:80',
    name: 'web',
    tags: ['a', 'b'],
    meta: { 'composemesh-owner': owner, protocol: 'http' },
    address: '10.0.0.2',
    port: 80,
    weight: 3,
    taggedAddresses: {
      lan_ipv4: { address: '10.0.0.2', port: 80 },
      wan_ipv4: { address: '10.0.0.2', port: 80 },
    },
    checks: [{ kind: 'ttl', name: 'TTL', notes: 'every 1h', definition: { TTL: '1h' } }],
    health: { status: 'passing', output: 'container web is running' },
  };
  let consul: TestConsul;
  let registry: AgentRegistry;
  let holdings: Holdings;
  let now: number;

  before(async () => {
    consul = await TestConsul.start();
  });

  beforeEach(() => {
    now = systemClock.now();
    const { address, client } = consul;
    registry = new AgentRegistry({ address, owner, client });
    const clock = { ...systemClock, now: () => now };
    holdings = new Holdings({ registry, client, clock, readsUnowned: true });
  });

  afterEach(async () => {
    await holdings.close();
    registry.close();
    await consul.forgetServices();
  });

  after(() => consul.stop());

  /** As the reconciler sends it. */
  const write = async (operation: Operation): Promise<void> => {
    if (operation.kind === 'register') {
      await registry.register(operation.record, operation.isNew);
    } else if (operation.kind === 'deregister') await registry.deregister(operation.id);
    else if (operation.kind === 'explain') {
      await registry.explain(operation.service, operation.health);
    } else await registry.report(operation.id, operation.health);
    holdings.note(operation);
  };

  /** Reads the agent, and goes on until it hears of every change of it. */
  const follow = async (): Promise<void> => {
    await until('the watch', async () => {
      await holdings.refresh('event');
      return !holdings.isFresh;
    });
  };

  it('know of each write what the agent would give back', async () => {
    const other = { ...record, id: 'host:other:80' };
    await write({ kind: 'register', record: other, isNew: true });
    await follow();
    const { id } = record;
    const paused: Health = { status: 'critical', output: 'container web is paused' };
    const ended: Health = { status: 'critical', output: 'container web has ended' };
    const steps: readonly Operation[] = [
      { kind: 'register', record, isNew: true },
      { kind: 'drain', id, health: paused },
      { kind: 'explain', service: { ...record, checks: {} }, health: ended },
      { kind: 'restore', id, health: record.health },
      { kind: 'register', record: { ...record, weight: 1, checks: [] }, isNew: false },
      { kind: 'deregister', id, name: 'web' },
    ];
    for (const step of steps) {
      await write(step);
      const { services } = await holdings.refresh('event');
      assert.equal(holdings.isFresh, false, 'it is to be worked out, not read');
      const read = await registry.read();
      const byId = (left: { id: string }, right: { id: string }): number =>
        left.id < right.id ? -1 : 1;
      assert.deepEqual([...services].sort(byId), [...read].sort(byId), step.kind);
    }
  });

  it('are read again by the clock once somebody else has changed them, and not for an event', async () => {
    await write({ kind: 'register', record, isNew: true });
    await follow();
    now += 2000;
    await until('nothing to read', async () => {
      now += 2000;
      await holdings.refresh('time');
      return !holdings.isFresh;
    });
    const known = await holdings.refresh('time');
    await consul.put(`/agent/service/deregister/${record.id}`);
    assert.equal(await holdings.refresh('event'), known);
    const read = await until('the change', async () => {
      now += 2000;
      const held = await holdings.refresh('time');
      return held === known ? undefined : held;
    });
    assert.deepEqual(read.services, []);
  });

  it('are read again in any case when they were not for long, or the clock was set back', async () => {
    await write({ kind: 'register', record, isNew: true });
    await follow();
    for (const step of [30_000, -3_600_000]) {
      now += step;
      await holdings.refresh('time');
      assert.equal(holdings.isFresh, true);
    }
  });

  it('have what nobody of ours wrote, until it is taken over', async () => {
    await consul.put('/agent/service/register', { ID: 'old', Name: 'old', Port: 1 });
    assert.deepEqual((await holdings.refresh('time')).unowned, [
      { id: 'old', name: 'old', address: '', port: 1 },
    ]);
    await write({ kind: 'register', record: { ...record, id: 'old' }, isNew: false, adopts: true });
    const { services, unowned } = await holdings.refresh('time');
    assert.deepEqual([services.map(({ id }) => id), unowned], [['old'], []]);
  });
});
