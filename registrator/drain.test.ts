import assert from 'node:assert/strict';
import { inspectReply } from '../test/fakes/containers.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe('draining', () => {
  const bench = useRegistratorBench();
  const web = { name: 'web', image: 'web', exposed: ['80/tcp'] };
  const drain = async (...argv: string[]): Promise<string> => {
    const { ended, output, log } = bench.run({}, 'drain', ...argv, bench.uri);
    assert.equal(await ended, 0, log.lines.join('\n'));
    return output.join('');
  };

  it('takes a container out of traffic before its stop, until it starts again', async () => {
    bench.engine.set(inspectReply({ ...web, env: ['SERVICE_DRAIN=10ms'] }));
    bench.engine.set(inspectReply({ ...web, name: 'other', ip: '10.0.0.3' }));
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80', '10.0.0.3:80');
    assert.equal(
      await drain('web'),
      'drained fakehost:web:80\nwaited 0.01 s; now run: docker stop web\n',
    );
    await bench.consul.untilPassing('web', '10.0.0.3:80');
    bench.engine.emit('kill', inspectReply(web), { signal: '15' });
    bench.engine.emit('die', inspectReply({ ...web, state: 'exited' }));
    await until(
      'the one that stopped to be gone',
      async () => !('fakehost:web:80' in (await bench.consul.states('web'))),
    );
    bench.engine.emit('start', inspectReply({ ...web, startedAt: 9 }));
    await bench.consul.untilPassing('web', '10.0.0.2:80', '10.0.0.3:80');
  });

  it('says that there is nothing to drain, and waits for nothing', async () => {
    bench.engine.set(inspectReply({ ...web, exposed: [] }));
    assert.equal(await drain('-drain-time=1h', 'web'), 'nothing of web is registered\n');
  });

  it('ends with 1 when it is told to end before its time', async () => {
    bench.engine.set(inspectReply(web));
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    const running = bench.run({}, 'drain', '-drain-time=1h', 'web', bench.uri);
    await bench.consul.untilPassing('web');
    assert.equal(await running.stop(), 1);
  });
});
