import assert from 'node:assert/strict';
import { inspectReply } from '../test/fakes/containers.ts';
import { FakeEngine } from '../test/fakes/docker.ts';
import { TestConsul } from '../test/support/consul.ts';
import { startRegistrator, type RunningRegistrator } from '../test/support/registrator.ts';
import { until } from '../test/support/until.ts';

describe('looking at the registrator', () => {
  let consul: TestConsul;
  let engine: FakeEngine;
  let uri: string;

  const run = (...argv: string[]): RunningRegistrator =>
    startRegistrator(argv, { DOCKER_HOST: engine.dockerHost });
  const output = async (...argv: string[]): Promise<string> => {
    const { ended, output: written } = run(...argv);
    assert.equal(await ended, 0);
    return written.join('');
  };
  const squeeze = (text: string): readonly string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | '));

  /** Consul has `web` with another weight, `gone` without a container, and nothing of `new`. */
  before(async () => {
    consul = await TestConsul.start();
    uri = consul.address.replace('http:', 'consul:');
    engine = await FakeEngine.start();
    for (const name of ['web', 'gone', 'same']) {
      engine.set(inspectReply({ name, image: name, exposed: ['80/tcp'] }));
    }
    const running = run('-internal', uri);
    for (const name of ['web', 'gone', 'same']) {
      await until(name, async () => (await consul.passing(name)).length === 1);
    }
    await running.stop();
    engine.remove(inspectReply({ name: 'gone' }).Id);
    engine.set(
      inspectReply({
        name: 'web',
        image: 'web',
        exposed: ['80/tcp'],
        env: ['SERVICE_WEIGHT=3', 'SERVICE_PROTOCOL=htpp'],
      }),
    );
    engine.set(inspectReply({ name: 'new', image: 'new', exposed: ['80/tcp'], ip: '10.0.0.9' }));
  });

  after(async () => {
    await engine.stop();
    await consul.stop();
  });

  it('shows desired and actual state as a table, and writes nothing', async () => {
    const before = await consul.get<object>('/agent/services');
    const lines = squeeze(await output('plan', '-internal', uri));
    assert.deepEqual(lines, [
      'ACTION | SERVICE | DESIRED | ACTUAL | HEALTH | ID | DIFFERENCE',
      'deregister | gone | - | 10.0.0.2:80 | passing: container gone is running | fakehost:gone:80',
      'register | new | 10.0.0.9:80 | - | passing: container new is running | fakehost:new:80',
      'none | same | 10.0.0.2:80 | 10.0.0.2:80 | passing: container same is running | fakehost:same:80',
      'register | web | 10.0.0.2:80 | 10.0.0.2:80 | passing: container web is running | fakehost:web:80 | weight',
      '4 services, 3 to change',
      'E_PROTOCOL container web: SERVICE_PROTOCOL: "htpp" is no known protocol, so the proxy detects it; ' +
        'did you mean "http"? use one of http, http2, grpc, grpc-web, https, tls, tcp, udp, redis, mysql, mongo',
    ]);
    assert.deepEqual(squeeze(await output('-internal', '-dry-run', uri)), lines);
    assert.deepEqual(await consul.get<object>('/agent/services'), before);
  });

  it('shows the same as JSON', async () => {
    const { services, problems } = JSON.parse(await output('plan', '-json', '-internal', uri)) as {
      services: { id: string; actions: string[]; differences: string[] }[];
      problems: { code: string }[];
    };
    assert.deepEqual(
      [
        services.map(({ id, actions, differences }) => [id, ...actions, ...differences]),
        problems.map(({ code }) => code),
      ],
      [
        [
          ['fakehost:gone:80', 'deregister'],
          ['fakehost:new:80', 'register'],
          ['fakehost:same:80'],
          ['fakehost:web:80', 'register', 'weight'],
        ],
        ['E_PROTOCOL'],
      ],
    );
  });

  it('explains a container, and how Consul has it', async () => {
    const lines = squeeze(await output('explain', '-internal', 'web', uri));
    assert.deepEqual(lines.slice(1, 4).concat(lines.at(-2)!), [
      'port 80/tcp: registered',
      ' | id | fakehost:web:80',
      ' | name | web | its image web',
      ' | Consul | has another weight',
    ]);
  });

  it('says that there is no such container, and ends with 1', async () => {
    const { ended, log } = run('explain', '-internal', 'wep', uri);
    assert.equal(await ended, 1);
    assert.deepEqual(log.lines, ['error there is no container "wep"; did you mean web?']);
  });
});
