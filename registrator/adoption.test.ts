/** Moving from gliderlabs/registrator: what it left on a real Consul. */
import assert from 'node:assert/strict';
import { inspectReply } from '../test/fakes/containers.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe('in place of gliderlabs/registrator', () => {
  const bench = useRegistratorBench();

  /** As the old tool registers it, with a check of its own. */
  const leave = (ID: string, Name: string): Promise<void> =>
    bench.consul.put('/agent/service/register', {
      ID,
      Name,
      Port: 80,
      Address: '10.0.0.2',
      Tags: ['old'],
      Check: { TTL: '1h', Status: 'passing' },
    });
  const ids = async (): Promise<readonly string[]> =>
    Object.keys(await bench.consul.get<object>('/agent/services')).sort();
  const look = async (...flags: string[]): Promise<readonly string[]> => {
    const { ended, output } = bench.run({}, 'plan', '-internal', ...flags, bench.uri);
    assert.equal(await ended, 0);
    const lines = output.join('').trimEnd().split('\n');
    return lines.map((line) => line.split(/ {2,}/).join(' | '));
  };

  /** The old one ran in a container of its own, named f00, for a time. */
  beforeEach(async () => {
    bench.engine.set(inspectReply({ name: 'web', image: 'web', exposed: ['80/tcp'] }));
    bench.engine.set(
      inspectReply({ name: 'db', image: 'db', exposed: ['80/tcp'], ip: '10.0.0.3' }),
    );
    await leave('fakehost:web:80', 'web');
    await leave('f00:db:80', 'db');
    await leave('fakehost:gone:80', 'gone');
    await leave('elsewhere:gone:80', 'elsewhere');
  });

  it('leaves what is not its own, says which flag takes it over, and does not ask every 2 s', async () => {
    const { log } = bench.start();
    await bench.consul.untilPassing('db', '10.0.0.2:80', '10.0.0.3:80');
    const refusals = (): readonly string[] =>
      log.lines.filter((line) => line.startsWith('error E_ID_TAKEN'));
    const [error = ''] = await until('the error', () => refusals().length > 0 && refusals());
    assert.match(
      error,
      /"fakehost:web:80" .* left it, run with -adopt, else give another SERVICE_ID/,
    );
    await bench.consul.put('/agent/service/deregister/fakehost:web:80');
    await bench.consul.untilState('web', /^passing/);
    assert.equal(refusals().length, 1);
  });

  it('shows before the move what would become of each service', async () => {
    assert.deepEqual(await look(), [
      'ACTION | SERVICE | DESIRED | ACTUAL | HEALTH | ID | DIFFERENCE',
      'register | db | 10.0.0.3:80 | - | passing: container db is running | fakehost:db:80',
      'refused | web | 10.0.0.2:80 | 10.0.0.2:80 | passing: container web is running | fakehost:web:80 | owner',
      '2 services, 2 to change',
      'E_ID_TAKEN service fakehost:web:80: the agent already has a service "fakehost:web:80" that no registrator of ' +
        'composemesh wrote; if gliderlabs/registrator left it, run with -adopt, else give another SERVICE_ID or run: ' +
        'consul services deregister -id=fakehost:web:80',
    ]);
    assert.deepEqual(await look('-adopt', '-adopt-hosts=f00', '-cleanup'), [
      'ACTION | SERVICE | DESIRED | ACTUAL | HEALTH | ID | DIFFERENCE',
      'deregister | db | - | 10.0.0.2:80 | - | f00:db:80 | owner',
      'register | db | 10.0.0.3:80 | - | passing: container db is running | fakehost:db:80',
      'deregister | gone | - | 10.0.0.2:80 | - | fakehost:gone:80 | owner',
      'adopt | web | 10.0.0.2:80 | 10.0.0.2:80 | passing: container web is running | fakehost:web:80 | owner',
      '4 services, 4 to change',
    ]);
    assert.equal((await ids()).length, 4);
  });

  it('takes over what it left with -adopt, without a moment in which the service is gone', async () => {
    let lost = 0;
    const done = new AbortController();
    const watching = (async (): Promise<void> => {
      while (!done.signal.aborted) {
        if ((await bench.consul.passing('web')).length === 0) lost += 1;
      }
    })();
    const { log } = bench.start('-adopt');
    // Not when Consul shows the new check: it removes the old one after that.
    await until('all', () => log.lines.length === 3);
    done.abort();
    await watching;
    const checks =
      await bench.consul.get<Record<string, { ServiceID: string; CheckID: string }>>(
        '/agent/checks',
      );
    const own = Object.values(checks).filter(({ ServiceID }) => ServiceID === 'fakehost:web:80');
    assert.deepEqual(
      [lost, own.map(({ CheckID }) => CheckID), await bench.consul.passing('gone')],
      [0, ['service:fakehost:web:80:docker'], ['10.0.0.2:80']],
    );
    assert.deepEqual([...log.lines].sort().slice(0, 2), ['info adopted', 'info registered']);
  });

  it('removes with -cleanup what it left of containers that are gone, under all its host names', async () => {
    bench.start('-adopt', '-adopt-hosts=f00', '-cleanup');
    await bench.consul.untilGone('gone');
    await bench.consul.untilPassing('db', '10.0.0.3:80');
    assert.deepEqual(await ids(), ['elsewhere:gone:80', 'fakehost:db:80', 'fakehost:web:80']);
  });
});
