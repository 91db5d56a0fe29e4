import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { Lifecycle } from '../kit/lifecycle.ts';
import { idOf, inspectReply, type ContainerSketch } from '../test/fakes/containers.ts';
import { FakeEngine } from '../test/fakes/docker.ts';
import { TestConsul, type HealthEntry } from '../test/support/consul.ts';
import { startRegistrator, type RunningRegistrator } from '../test/support/registrator.ts';
import { until } from '../test/support/until.ts';

describe('the registrator between a Docker Engine and a real Consul', () => {
  let consul: TestConsul;
  let engine: FakeEngine;
  let life: Lifecycle;

  const sketch = (name: string, more: Partial<ContainerSketch> = {}): ContainerSketch => ({
    name,
    exposed: ['80/tcp'],
    env: [`SERVICE_NAME=${name}`],
    ...more,
  });
  const web = sketch('web');

  const start = (...flags: string[]): RunningRegistrator => {
    const uri = consul.address.replace('http:', 'consul:');
    const running = startRegistrator(['-internal', ...flags, uri], {
      DOCKER_HOST: engine.dockerHost,
    });
    life.add({
      close: async () => {
        await running.stop();
      },
    });
    return running;
  };
  const passing = (service: string, instances: readonly string[]): Promise<unknown> =>
    until(`${service} to be ${instances.join(' ') || 'gone'}`, async () => {
      return (await consul.passing(service)).join() === instances.join();
    });
  const state = (service: string, expected: string): Promise<unknown> =>
    until(`${service} to be ${expected}`, async () =>
      Object.values(await consul.states(service)).includes(expected),
    );

  before(async () => {
    consul = await TestConsul.start();
  });

  after(() => consul.stop());

  beforeEach(async () => {
    life = new Lifecycle();
    engine = await FakeEngine.start();
    life.add({ close: () => engine.stop() });
  });

  afterEach(async () => {
    await life.close();
    for (const id of Object.keys(await consul.get<object>('/agent/services'))) {
      await consul.put(`/agent/service/deregister/${id}`);
    }
  });

  it('registers what runs at start, and what starts, stops and ends later', async () => {
    engine.set(inspectReply(web));
    start();
    await passing('web', ['10.0.0.2:80']);
    engine.emit('start', inspectReply(sketch('db', { ip: '10.0.0.3' })));
    await passing('db', ['10.0.0.3:80']);
    engine.emit('kill', inspectReply(web), { signal: '15' });
    await state('web', 'critical: container web is stopping');
    engine.emit('die', inspectReply({ ...web, state: 'exited' }), { exitCode: '0' });
    await until('web to be gone', async () => Object.keys(await consul.states('web')).length === 0);
    assert.deepEqual(await consul.passing('db'), ['10.0.0.3:80']);
  });

  it('follows health, pause and rename', async () => {
    engine.set(inspectReply({ ...web, health: 'starting' }));
    start();
    await state('web', 'critical: container web is starting: its HEALTHCHECK has not passed yet');
    engine.emit('health_status: healthy', inspectReply({ ...web, health: 'healthy' }));
    await state('web', 'passing: container web is healthy');
    engine.emit('pause', inspectReply({ ...web, state: 'paused' }));
    await state('web', 'critical: container web is paused; run: docker unpause web');
    engine.emit('unpause', inspectReply(web));
    await state('web', 'passing: container web is running');
    engine.emit('rename', { ...inspectReply(web), Name: '/renamed' });
    await until('the new id', async () => 'fakehost:renamed:80' in (await consul.states('web')));
    assert.deepEqual(Object.keys(await consul.states('web')), ['fakehost:renamed:80']);
  });

  it('cleans up after a crash, and leaves what is not its own', async () => {
    engine.set(inspectReply(web));
    engine.set(inspectReply(sketch('gone')));
    await consul.put('/agent/service/register', {
      ID: 'fakehost:other:80',
      Name: 'other',
      Port: 1,
    });
    const first = start();
    await passing('gone', ['10.0.0.2:80']);
    await passing('web', ['10.0.0.2:80']);
    assert.equal(await first.stop(), 0);
    assert.deepEqual(await consul.passing('web'), ['10.0.0.2:80']);
    engine.remove(idOf('gone'));
    start('-cleanup');
    await passing('gone', []);
    assert.deepEqual(
      [await consul.passing('web'), await consul.passing('other')],
      [['10.0.0.2:80'], [':1']],
    );
  });

  it('writes nothing when nothing changed', async () => {
    engine.set(
      inspectReply({
        ...web,
        env: ['SERVICE_NAME=web', 'SERVICE_CHECK_TTL=1h', 'SERVICE_WEIGHT=3'],
      }),
    );
    const { log } = start('-resync=1');
    await until('web', async () => Object.keys(await consul.states('web')).length === 1);
    const lists = (): number =>
      engine.requests.filter((line) => line.includes('/containers/json')).length;
    const before = lists();
    await until('two resyncs', () => lists() >= before + 2);
    assert.deepEqual(log.lines, [
      'info registering the containers of this Docker Engine',
      'info registered',
    ]);
  });

  it('is right again after Consul lost its data', async () => {
    engine.set(inspectReply(web));
    const { log } = start();
    await passing('web', ['10.0.0.2:80']);
    await consul.halt('SIGKILL');
    await consul.loseData();
    engine.emit('start', inspectReply(sketch('db', { ip: '10.0.0.3' })));
    await until('the outage to be noticed', () =>
      log.lines.some((line) => line.includes('Consul')),
    );
    await consul.run();
    await passing('web', ['10.0.0.2:80']);
    await passing('db', ['10.0.0.3:80']);
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('error')).length,
      1,
      log.lines.join('\n'),
    );
  });

  it('notices what somebody else took away', async () => {
    engine.set(inspectReply(web));
    start();
    await passing('web', ['10.0.0.2:80']);
    await consul.put('/agent/service/deregister/fakehost:web:80');
    await until('web to come back', async () => (await consul.passing('web')).length === 1);
  });

  it('keeps everything while the Engine is away, and catches up when it is back', async () => {
    engine.set(inspectReply(web));
    engine.set(inspectReply(sketch('db')));
    const { log } = start();
    await passing('db', ['10.0.0.2:80']);
    await engine.halt();
    await until('the outage', () => log.lines.some((line) => line.includes('lost the events')));
    assert.deepEqual(await consul.passing('db'), ['10.0.0.2:80']);
    engine.remove(idOf('db'));
    await engine.resume();
    await passing('db', []);
    assert.deepEqual(await consul.passing('web'), ['10.0.0.2:80']);
  });

  it('does not let one container that cannot be read stop the others', async () => {
    engine.set(inspectReply(web));
    engine.set(inspectReply(sketch('broken', { ip: '10.0.0.4' })));
    engine.break(idOf('broken'), 'status 500');
    start();
    await passing('web', ['10.0.0.2:80']);
    engine.repair();
    await passing('broken', ['10.0.0.4:80']);
  });

  it('tells each mistake of a user once, and registers the rest', async () => {
    const env = ['SERVICE_NAME=web', 'SERVICE_PROTOCOL=htpp', 'SERVICE_A.B=1'];
    engine.set(inspectReply({ ...web, env }));
    const { log } = start('-resync=1');
    await passing('web', ['10.0.0.2:80']);
    const lists = (): number =>
      engine.requests.filter((line) => line.includes('/containers/json')).length;
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

  it('does not overwrite a service of another owner, and says how to free its id', async () => {
    await consul.put('/agent/service/register', { ID: 'fakehost:web:80', Name: 'old', Port: 1 });
    engine.set(inspectReply(web));
    engine.set(inspectReply(sketch('db')));
    const { log } = start();
    await passing('db', ['10.0.0.2:80']);
    const error = await until('the error', () =>
      log.lines.find((line) => line.includes('E_ID_TAKEN')),
    );
    assert.match(error, /consul services deregister -id=fakehost:web:80$/);
    assert.deepEqual(await consul.passing('old'), [':1']);
    await consul.put('/agent/service/deregister/fakehost:web:80');
    await passing('web', ['10.0.0.2:80']);
  });

  it('keeps a failed container as critical with -deregister on-success', async () => {
    engine.set(inspectReply(web));
    start('-deregister=on-success');
    await passing('web', ['10.0.0.2:80']);
    engine.emit('kill', inspectReply(web), { signal: '15' });
    await state('web', 'critical: container web is stopping');
    engine.emit('die', inspectReply({ ...web, state: 'exited', exitCode: 1 }), { exitCode: '1' });
    await state('web', 'critical: container web ended with exit code 1');
    engine.emit('destroy', inspectReply(web));
    engine.remove(idOf('web'));
    engine.dropStreams();
    await until('web to be gone', async () => Object.keys(await consul.states('web')).length === 0);
  });

  it('takes a container whose exit code is not known yet for a failed one', async () => {
    engine.set(inspectReply(web));
    start('-deregister=on-success');
    await passing('web', ['10.0.0.2:80']);
    engine.hold(idOf('web'));
    engine.emit('die', inspectReply({ ...web, state: 'exited', exitCode: 1 }));
    await state('web', 'critical: container web has ended');
    engine.release();
    await state('web', 'critical: container web ended with exit code 1');
  });

  it("leaves Consul's maintenance mode on when a container changes, and the plan shows it", async () => {
    engine.set(inspectReply(web));
    start();
    await passing('web', ['10.0.0.2:80']);
    await consul.put('/agent/service/maintenance/fakehost:web:80?enable=true&reason=new+disk');
    await passing('web', []);
    engine.emit('update', inspectReply({ ...web, env: ['SERVICE_NAME=web', 'SERVICE_WEIGHT=9'] }));
    await until('the new weight', async () => {
      const service = await consul.get<HealthEntry['Service']>('/agent/service/fakehost:web:80');
      return service.Weights.Passing === 9;
    });
    const plan = startRegistrator(
      ['plan', '-internal', consul.address.replace('http:', 'consul:')],
      { DOCKER_HOST: engine.dockerHost },
    );
    assert.equal(await plan.ended, 0);
    assert.match(plan.output.join(''), /^none +web .* maintenance: new disk +fakehost:web:80$/m);
    assert.deepEqual(await consul.passing('web'), []);
    await consul.put('/agent/service/maintenance/fakehost:web:80?enable=false');
    await passing('web', ['10.0.0.2:80']);
  });

  it('removes what a registrator left that is gone, and not what one wrote that is alive', async () => {
    const other = await FakeEngine.start();
    other.id = 'OTHER:ENGINE';
    other.hostname = 'otherhost';
    life.add({ close: () => other.stop() });
    engine.set(inspectReply(web));
    other.set(inspectReply(sketch('left', { ip: '10.0.0.9' })));
    const uri = consul.address.replace('http:', 'consul:');
    const flags = ['-internal', '-cleanup-cron=* * * * * *', '-cleanup-after=2s', uri];
    const gone = startRegistrator(flags, { DOCKER_HOST: other.dockerHost });
    await passing('left', ['10.0.0.9:80']);
    const { log } = start(...flags.slice(1, 3));
    await passing('web', ['10.0.0.2:80']);
    await until('a cleanup', () => log.lines.some((line) => line.includes('cleaning up at')));
    assert.deepEqual(await consul.passing('left'), ['10.0.0.9:80']);
    await gone.stop();
    await passing('left', []);
    assert.deepEqual(
      [await consul.passing('web'), log.lines.filter((line) => line.includes('that is gone'))],
      [['10.0.0.2:80'], ['info deregistered what a registrator left that is gone']],
    );
  });

  describe('at start', () => {
    it('ends with 1 and names DOCKER_HOST when there is no Engine', async () => {
      const { log, ended } = startRegistrator(['consul:'], { DOCKER_HOST: 'unix:///nowhere.sock' });
      assert.equal(await ended, 1);
      assert.match(
        log.lines.join('\n'),
        /^error cannot start without Docker; .*DOCKER_HOST: .*unix:\/\/\/nowhere.sock.*ENOENT/,
      );
    });

    it('ends with 1 when Consul does not answer, after the retries', async () => {
      const argv = ['-retry-attempts=2', '-retry-interval=10', 'consul://127.0.0.1:1'];
      const { log, ended } = startRegistrator(argv, { DOCKER_HOST: engine.dockerHost });
      assert.equal(await ended, 1);
      assert.match(log.lines.at(-1)!, /^error cannot reach Consul at http:\/\/127.0.0.1:1: /);
    });

    it('waits for Consul for ever with -retry-attempts=-1, and ends at once when it is told to', async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      life.add({ close: () => void silent.close() });
      const { port } = silent.address() as { port: number };
      const argv = ['-retry-attempts=-1', '-retry-interval=10', `consul://127.0.0.1:${port}`];
      const running = startRegistrator(argv, { DOCKER_HOST: engine.dockerHost });
      await once(silent, 'connection');
      assert.equal(await running.stop(), 0);
      // The call under way was cut, not waited for until its time was up.
      assert.match(running.log.lines[0]!, /cannot reach Consul at .*: socket hang up/);
    });

    it('ends with 2 and the usage for a command line that cannot be read', async () => {
      const { errors, ended } = startRegistrator(['-nope'], {});
      assert.equal(await ended, 2);
      assert.match(errors.join(''), /not defined: -nope\n.*registry URI\n\nUsage: /s);
    });
  });
});
