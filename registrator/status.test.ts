import assert from 'node:assert/strict';
import { inspectReply } from '../test/fakes/containers.ts';
import { freePort } from '../test/support/ports.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe('the status of a running registrator', () => {
  const bench = useRegistratorBench();
  let base: string;

  const start = async (): Promise<void> => {
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const running = bench.start(`-listen=127.0.0.1:${port}`);
    await until('the server', () => running.log.lines.some((line) => line.includes('/metrics')));
  };
  const ask = async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(base + path);
    return [response.status, await response.text()];
  };
  /** The values of a metric by its labels. */
  const read = async (name: string): Promise<Readonly<Record<string, number>>> => {
    const [, text] = await ask('/metrics');
    const samples = text.split('\n').flatMap((line) => {
      const [, labels = '', value] =
        new RegExp(`^composemesh_registrator_${name}(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? [];
      return value === undefined ? [] : [[labels, Number(value)] as const];
    });
    return Object.fromEntries(samples);
  };
  const ready = (): Promise<unknown> =>
    until('it to be ready', async () => (await ask('/readyz'))[0] === 200);
  const web = inspectReply({ name: 'web', image: 'web', exposed: ['80/tcp'] });

  it('is ready when Consul is as the containers ask for, and says what is away', async () => {
    bench.engine.set(web);
    await start();
    await ready();
    assert.deepEqual(await ask('/healthz'), [200, 'ok\n']);
    assert.deepEqual(await bench.consul.passing('web'), ['10.0.0.2:80']);
    await bench.engine.halt();
    await until('it to notice', async () => (await ask('/readyz'))[0] === 503);
    assert.deepEqual(await ask('/readyz'), [
      503,
      'the events of the Docker Engine are not heard\n',
    ]);
    await bench.engine.resume();
    await ready();
    await bench.consul.halt();
    await until('it to notice', async () => (await ask('/readyz'))[1] === 'Consul is away\n');
    assert.equal((await read('up'))['part="consul"'], 0);
    assert.ok((await read('errors_total'))['part="consul"']! >= 1);
    await bench.consul.run();
    await ready();
    assert.deepEqual(await read('up'), { 'part="docker"': 1, 'part="consul"': 1 });
  });

  it('counts writes, and how late they are after the event', async () => {
    await start();
    await ready();
    bench.engine.emit('start', web);
    await until('the write', async () => (await read('event_lag_seconds_count'))[''] === 1);
    const lag = (await read('event_lag_seconds_sum'))['']!;
    assert.ok(lag > 0 && lag < 5, `a lag of ${lag} s`);
    const none = {
      'kind="drain"': 0,
      'kind="deregister"': 0,
      'kind="restore"': 0,
      'kind="explain"': 0,
    };
    assert.deepEqual(
      [await read('operations_total'), await read('drift_total')],
      [
        { ...none, 'kind="register"': 1 },
        { ...none, 'kind="register"': 0 },
      ],
    );
    await until('one service', async () => (await read('services'))['health="passing"'] === 1);
  });

  it('counts as drift what somebody else changed in Consul', async () => {
    bench.engine.set(web);
    await start();
    await ready();
    assert.equal((await read('drift_total'))['kind="register"'], 0);
    await bench.consul.put('/agent/service/deregister/fakehost:web:80');
    await until('the drift', async () => (await read('drift_total'))['kind="register"'] === 1);
  });

  it('counts mistakes of users', async () => {
    bench.engine.set(
      inspectReply({
        name: 'web',
        image: 'web',
        exposed: ['80/tcp'],
        env: ['SERVICE_PROTOCOL=htpp', 'SERVICE_IGNORE=no'],
      }),
    );
    await start();
    await ready();
    assert.deepEqual(await read('problems'), { 'severity="error"': 1, 'severity="warning"': 1 });
  });

  it('knows no other path, and no other method', async () => {
    await start();
    const post = await fetch(`${base}/metrics`, { method: 'POST' });
    assert.deepEqual(
      [await ask('/'), post.status],
      [[404, 'there are /metrics, /healthz and /readyz\n'], 405],
    );
  });

  it('ends with 1 when the address is taken', async () => {
    await start();
    const { ended, log } = bench.start(`-listen=${base.replace('http://', '')}`);
    assert.equal(await ended, 1);
    assert.match(
      log.lines.at(-1)!,
      /^error cannot listen on 127.0.0.1:\d+ \(-listen\): .*EADDRINUSE/,
    );
  });
});
