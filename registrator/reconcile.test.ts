import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { idOf, inspectReply, type ContainerSketch } from '../test/fakes/containers.ts';
import type { HealthEntry } from '../test/support/consul.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe('the registrator between a Docker Engine and a real Consul', () => {
  const bench = useRegistratorBench();

  const sketch = (name: string, more: Partial<ContainerSketch> = {}): ContainerSketch => ({
    name,
    exposed: ['80/tcp'],
    env: [`SERVICE_NAME=${name}`],
    ...more,
  });
  const web = sketch('web');

  it('registers what runs at start, and what starts, stops and ends later', async () => {
    bench.engine.set(inspectReply(web));
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.emit('start', inspectReply(sketch('db', { ip: '10.0.0.3' })));
    await bench.consul.untilPassing('db', '10.0.0.3:80');
    bench.engine.emit('kill', inspectReply(web), { signal: '15' });
    await bench.consul.untilState('web', 'critical: container web is stopping');
    bench.engine.emit('die', inspectReply({ ...web, state: 'exited' }), { exitCode: '0' });
    await bench.consul.untilGone('web');
    assert.deepEqual(await bench.consul.passing('db'), ['10.0.0.3:80']);
  });

  it('follows health, pause and rename', async () => {
    bench.engine.set(inspectReply({ ...web, health: 'starting' }));
    bench.start();
    await bench.consul.untilState(
      'web',
      'critical: container web is starting: its HEALTHCHECK has not passed yet',
    );
    bench.engine.emit('health_status: healthy', inspectReply({ ...web, health: 'healthy' }));
    await bench.consul.untilState('web', 'passing: container web is healthy');
    bench.engine.emit('pause', inspectReply({ ...web, state: 'paused' }));
    await bench.consul.untilState(
      'web',
      'critical: container web is paused; run: docker unpause web',
    );
    bench.engine.emit('unpause', inspectReply(web));
    await bench.consul.untilState('web', 'passing: container web is running');
    bench.engine.emit('rename', { ...inspectReply(web), Name: '/renamed' });
    await until(
      'the new id',
      async () => 'fakehost:renamed:80' in (await bench.consul.states('web')),
    );
    assert.deepEqual(Object.keys(await bench.consul.states('web')), ['fakehost:renamed:80']);
  });

  it('cleans up after a crash, and leaves what is not its own', async () => {
    bench.engine.set(inspectReply(web));
    bench.engine.set(inspectReply(sketch('gone')));
    await bench.consul.put('/agent/service/register', {
      ID: 'fakehost:other:80',
      Name: 'other',
      Port: 1,
    });
    const first = bench.start();
    await bench.consul.untilPassing('gone', '10.0.0.2:80');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    assert.equal(await first.stop(), 0);
    assert.deepEqual(await bench.consul.passing('web'), ['10.0.0.2:80']);
    bench.engine.remove(idOf('gone'));
    bench.start('-cleanup');
    await bench.consul.untilPassing('gone');
    // What it would take away it takes away at once: a later container comes after that.
    bench.engine.emit('start', inspectReply(sketch('later', { ip: '10.0.0.3' })));
    await bench.consul.untilPassing('later', '10.0.0.3:80');
    assert.deepEqual(
      [await bench.consul.passing('web'), await bench.consul.passing('other')],
      [['10.0.0.2:80'], [':1']],
    );
  });

  it('writes nothing when nothing changed', async () => {
    bench.engine.set(
      inspectReply({
        ...web,
        env: ['SERVICE_NAME=web', 'SERVICE_CHECK_TTL=1h', 'SERVICE_WEIGHT=3'],
      }),
    );
    const { log } = bench.start('-resync=1');
    await until('web', async () => Object.keys(await bench.consul.states('web')).length === 1);
    const lists = (): number =>
      bench.engine.requests.filter((line) => line.includes('/containers/json')).length;
    const before = lists();
    await until('two resyncs', () => lists() >= before + 2);
    assert.deepEqual(log.lines, [
      'info registering the containers of this Docker Engine',
      'info registered',
    ]);
  });

  it('is right again after Consul lost its data', async () => {
    bench.engine.set(inspectReply(web));
    const { log } = bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await bench.consul.halt('SIGKILL');
    await bench.consul.loseData();
    bench.engine.emit('start', inspectReply(sketch('db', { ip: '10.0.0.3' })));
    await until('the outage to be noticed', () =>
      log.lines.some((line) => line.includes('Consul')),
    );
    await bench.consul.run();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await bench.consul.untilPassing('db', '10.0.0.3:80');
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('error')).length,
      1,
      log.lines.join('\n'),
    );
  });

  it('notices what somebody else took away', async () => {
    bench.engine.set(inspectReply(web));
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await bench.consul.put('/agent/service/deregister/fakehost:web:80');
    await until('web to come back', async () => (await bench.consul.passing('web')).length === 1);
  });

  it('does not take for a refusal what only shows that somebody else has changed the agent', async () => {
    bench.engine.set(inspectReply(web));
    const { log } = bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    // Its health is reported once more after that: a registration is two calls.
    await until('the registration', () => log.lines.includes('info registered'));
    // Its check is gone when the pause is to be reported.
    await bench.consul.put('/agent/service/deregister/fakehost:web:80');
    bench.engine.emit('pause', inspectReply({ ...web, state: 'paused' }));
    await bench.consul.untilState('web', /is paused/);
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('error')),
      [],
    );
  });

  it('keeps everything while the Engine is away, and catches up when it is back', async () => {
    bench.engine.set(inspectReply(web));
    bench.engine.set(inspectReply(sketch('db')));
    const { log } = bench.start();
    await bench.consul.untilPassing('db', '10.0.0.2:80');
    await bench.engine.halt();
    await until('the outage', () => log.lines.some((line) => line.includes('lost the events')));
    assert.deepEqual(await bench.consul.passing('db'), ['10.0.0.2:80']);
    bench.engine.remove(idOf('db'));
    await bench.engine.resume();
    await bench.consul.untilPassing('db');
    assert.deepEqual(await bench.consul.passing('web'), ['10.0.0.2:80']);
  });

  it('does not let one container that cannot be read stop the others', async () => {
    bench.engine.set(inspectReply(web));
    bench.engine.set(inspectReply(sketch('broken', { ip: '10.0.0.4' })));
    bench.engine.break(idOf('broken'), 'status 500');
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.repair();
    await bench.consul.untilPassing('broken', '10.0.0.4:80');
  });

  it('tells each mistake of a user once, and registers the rest', async () => {
    const env = ['SERVICE_NAME=web', 'SERVICE_PROTOCOL=htpp', 'SERVICE_A.B=1'];
    bench.engine.set(inspectReply({ ...web, env }));
    const { log } = bench.start('-resync=1');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    const lists = (): number =>
      bench.engine.requests.filter((line) => line.includes('/containers/json')).length;
    const before = lists();
    await until('two resyncs', () => lists() >= before + 2);
    const errors = log.lines.filter((line) => line.startsWith('error'));
    assert.deepEqual(
      errors.map((line) => line.split(':').slice(0, 2).join()),
      [
        'error E_PROTOCOL container web, SERVICE_PROTOCOL',
        'error E_META_KEY container web, SERVICE_A.B',
      ],
    );
  });

  it('does not overwrite a service of another registrator, and says whose it is', async () => {
    await bench.consul.put('/agent/service/register', {
      ID: 'fakehost:web:80',
      Name: 'other',
      Port: 1,
      Meta: { 'composemesh-owner': 'OTHER:ENGINE' },
    });
    bench.engine.set(inspectReply(web));
    const { log } = bench.start('-adopt', '-cleanup');
    const error = await until('the error', () =>
      log.lines.find((line) => line.includes('E_ID_TAKEN')),
    );
    assert.match(error, /of the registrator OTHER:ENGINE; give another SERVICE_ID/);
    assert.deepEqual(await bench.consul.passing('other'), [':1']);
  });

  it('keeps a failed container as critical with -deregister on-success', async () => {
    bench.engine.set(inspectReply(web));
    bench.start('-deregister=on-success');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.emit('kill', inspectReply(web), { signal: '15' });
    await bench.consul.untilState('web', 'critical: container web is stopping');
    bench.engine.emit('die', inspectReply({ ...web, state: 'exited', exitCode: 1 }), {
      exitCode: '1',
    });
    await bench.consul.untilState('web', 'critical: container web ended with exit code 1');
    bench.engine.emit('destroy', inspectReply(web));
    bench.engine.remove(idOf('web'));
    bench.engine.dropStreams();
    await bench.consul.untilGone('web');
  });

  it('takes a container whose exit code is not known yet for a failed one', async () => {
    bench.engine.set(inspectReply(web));
    bench.start('-deregister=on-success');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.hold(idOf('web'));
    bench.engine.emit('die', inspectReply({ ...web, state: 'exited', exitCode: 1 }));
    await bench.consul.untilState('web', 'critical: container web has ended');
    bench.engine.release();
    await bench.consul.untilState('web', 'critical: container web ended with exit code 1');
  });

  it("leaves Consul's maintenance mode on when a container changes, and the plan shows it", async () => {
    bench.engine.set(inspectReply(web));
    bench.start();
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await bench.consul.put(
      '/agent/service/maintenance/fakehost:web:80?enable=true&reason=new+disk',
    );
    await bench.consul.untilPassing('web');
    bench.engine.emit(
      'update',
      inspectReply({ ...web, env: ['SERVICE_NAME=web', 'SERVICE_WEIGHT=9'] }),
    );
    await until('the new weight', async () => {
      const service = await bench.consul.get<HealthEntry['Service']>(
        '/agent/service/fakehost:web:80',
      );
      return service.Weights.Passing === 9;
    });
    const plan = bench.run({}, 'plan', '-internal', bench.uri);
    assert.equal(await plan.ended, 0);
    assert.match(plan.output.join(''), /^none +web .* maintenance: new disk +fakehost:web:80$/m);
    assert.deepEqual(await bench.consul.passing('web'), []);
    await bench.consul.put('/agent/service/maintenance/fakehost:web:80?enable=false');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
  });

  it('removes what a registrator left that is gone, and not what one wrote that is alive', async () => {
    const other = await bench.addEngine();
    other.id = 'OTHER:ENGINE';
    other.hostname = 'otherhost';
    bench.engine.set(inspectReply(web));
    other.set(inspectReply(sketch('left', { ip: '10.0.0.9' })));
    const flags = ['-internal', '-cleanup-cron=* * * * * *', '-cleanup-after=2s', bench.uri];
    const gone = bench.run({ DOCKER_HOST: other.dockerHost }, ...flags);
    await bench.consul.untilPassing('left', '10.0.0.9:80');
    const { log } = bench.start(...flags.slice(1, 3));
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await until('a cleanup', () => log.lines.some((line) => line.includes('cleaning up at')));
    assert.deepEqual(await bench.consul.passing('left'), ['10.0.0.9:80']);
    await gone.stop();
    await bench.consul.untilPassing('left');
    assert.deepEqual(
      [
        await bench.consul.passing('web'),
        log.lines.filter((line) => line.includes('that is gone')),
      ],
      [['10.0.0.2:80'], ['info deregistered what a registrator left that is gone']],
    );
  });

  describe('at start', () => {
    it('ends with 1 and names DOCKER_HOST when there is no Engine', async () => {
      const { log, ended } = bench.run({ DOCKER_HOST: 'unix:///nowhere.sock' }, 'consul:');
      assert.equal(await ended, 1);
      assert.match(
        log.lines.join('\n'),
        /^error cannot start without Docker; .*DOCKER_HOST: .*unix:\/\/\/nowhere.sock.*ENOENT/,
      );
    });

    it('ends with 1 when Consul does not answer, after the retries', async () => {
      const argv = ['-retry-attempts=2', '-retry-interval=10', 'consul://127.0.0.1:1'];
      const { log, ended } = bench.run({}, ...argv);
      assert.equal(await ended, 1);
      assert.match(log.lines.at(-1)!, /^error cannot reach Consul at http:\/\/127.0.0.1:1: /);
    });

    it('waits for Consul for ever with -retry-attempts=-1, and ends at once when it is told to', async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      bench.life.add({ close: () => void silent.close() });
      const { port } = silent.address() as { port: number };
      const argv = ['-retry-attempts=-1', '-retry-interval=10', `consul://127.0.0.1:${port}`];
      const running = bench.run({}, ...argv);
      await once(silent, 'connection');
      assert.equal(await running.stop(), 0);
      // The call under way was cut, not waited for until its time was up.
      assert.match(running.log.lines[0]!, /cannot reach Consul at .*: socket hang up/);
      assert.deepEqual(running.log.lines.slice(1), [], 'it went on as if Consul had answered');
    });

    it('ends with 2 and the usage for a command line that cannot be read', async () => {
      const { errors, ended } = bench.run({}, '-nope');
      assert.equal(await ended, 2);
      assert.match(errors.join(''), /not defined: -nope\n.*registry URI\n\nUsage: /s);
    });
  });
});
