import assert from 'node:assert/strict';
import { TestConsul } from '../../test/support/consul.ts';
import { until } from '../../test/support/until.ts';
import { NodeWatch } from './node-watch.ts';

describe('NodeWatch on a real Consul', () => {
  let consul: TestConsul;
  let watch: NodeWatch;
  let changes: number;

  before(async () => {
    consul = await TestConsul.start();
  });

  beforeEach(() => {
    changes = 0;
    watch = new NodeWatch({ client: consul.client, onChange: () => (changes += 1) });
  });

  afterEach(() => watch.close());

  after(() => consul.stop());

  const untilFollowing = (is: boolean): Promise<unknown> =>
    until(is ? 'it to follow' : 'it to be lost', () => watch.isFollowing === is);
  const untilChanged = async (change: () => Promise<void>): Promise<void> => {
    const before = changes;
    await change();
    await until('a change', () => changes > before);
  };

  it('follows nothing until it is told the node, and nothing again when there is none', async () => {
    assert.equal(watch.isFollowing, false);
    watch.follow('test');
    await untilFollowing(true);
    watch.follow(undefined);
    assert.equal(watch.isFollowing, false);
  });

  it('hears of a service that comes, of its health and of its end', async () => {
    watch.follow('test');
    await untilFollowing(true);
    const service = { ID: 'a', Name: 'a', Check: { CheckID: 'c', TTL: '1h', Status: 'passing' } };
    await untilChanged(() => consul.put('/agent/service/register', service));
    await untilChanged(() => consul.put('/agent/check/update/c', { Status: 'critical' }));
    await untilChanged(() => consul.put('/agent/service/register', { ...service, Port: 1 }));
    await untilChanged(() => consul.put('/agent/service/deregister/a'));
  });

  it('is lost with the agent, and follows again when that is back', async () => {
    watch.follow('test');
    await untilFollowing(true);
    const before = changes;
    await consul.halt('SIGKILL');
    await untilFollowing(false);
    assert.ok(changes > before, 'what happens now is missed, so something may have changed');
    await consul.run();
    await untilFollowing(true);
  });
});
