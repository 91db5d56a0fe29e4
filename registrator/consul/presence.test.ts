import assert from 'node:assert/strict';
import type { Clock } from '../../kit/clock.ts';
import { TestConsul } from '../../test/support/consul.ts';
import { Presence } from './presence.ts';

describe('Presence on a real Consul', () => {
  let consul: TestConsul;
  let now: number;
  const clock: Clock = { now: () => now, after: () => () => undefined };

  const connect = (owner: string): Presence =>
    new Presence({ client: consul.client, owner, clock, vanishedAfter: 1000 });
  const register = (id: string, owner?: string): Promise<void> =>
    consul.put('/agent/service/register', {
      ID: id,
      Name: id,
      ...(owner === undefined ? {} : { Meta: { 'composemesh-owner': owner } }),
    });

  before(async () => {
    consul = await TestConsul.start();
    await register('own', 'A');
    await register('other', 'B:1/net');
    await register('silent', 'C');
    await register('foreign');
  });

  after(() => consul.stop());

  beforeEach(() => {
    now = 0;
  });

  it('finds what a registrator left that is no longer heard of, and nothing else', async () => {
    const [own, other] = [connect('A'), connect('B:1/net')];
    await other.beat();
    await own.beat();
    assert.deepEqual(await own.findLeftovers(), []);
    now = 999;
    await other.beat();
    await own.beat();
    now = 1998;
    assert.deepEqual(await own.findLeftovers(), []);
    now = 1999;
    await own.beat();
    assert.deepEqual(await own.findLeftovers(), [{ id: 'other', owner: 'B:1/net' }]);
  });

  it('takes nobody for gone by what was written before it looked for the first time', async () => {
    await connect('B:1/net').beat();
    now = 1_000_000;
    const own = connect('A');
    await own.beat();
    assert.deepEqual(await own.findLeftovers(), []);
  });

  it('never takes one for gone that has withdrawn', async () => {
    const own = connect('A');
    await connect('B:1/net').beat();
    await own.beat();
    await connect('B:1/net').forget('B:1/net');
    await own.beat();
    now = 1_000_000;
    await own.beat();
    assert.deepEqual(await own.findLeftovers(), []);
  });
});
