import assert from 'node:assert/strict';
import { inspectReply } from '../test/fakes/containers.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe('looking at the registrator', () => {
  const bench = useRegistratorBench();

  const output = async (...argv: string[]): Promise<string> => {
    const { ended, output: written } = bench.run({}, ...argv);
    assert.equal(await ended, 0);
    return written.join('');
  };
  const squeeze = (text: string): readonly string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | '));

  /** Consul has `web` with another weight, `gone` without a container, and nothing of `new`. */
  beforeEach(async () => {
    for (const name of ['web', 'gone', 'same']) {
      bench.engine.set(inspectReply({ name, image: name, exposed: ['80/tcp'] }));
    }
    const running = bench.start();
    for (const name of ['web', 'gone', 'same']) {
      await bench.consul.untilPassing(name, '10.0.0.2:80');
    }
    // The text of their health follows in a call of its own.
    const registered = (): readonly string[] =>
      running.log.lines.filter((line) => line === 'info registered');
    await until('all of each', () => registered().length === 3);
    await running.stop();
    bench.engine.remove(inspectReply({ name: 'gone' }).Id);
    bench.engine.set(
      inspectReply({
        name: 'web',
        image: 'web',
        exposed: ['80/tcp'],
        env: ['SERVICE_WEIGHT=3', 'SERVICE_PROTOCOL=htpp'],
      }),
    );
    bench.engine.set(
      inspectReply({ name: 'new', image: 'new', exposed: ['80/tcp'], ip: '10.0.0.9' }),
    );
  });

  it('shows desired and actual state as a table, and writes nothing', async () => {
    const before = await bench.consul.get<object>('/agent/services');
    const lines = squeeze(await output('plan', '-internal', bench.uri));
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
    assert.deepEqual(squeeze(await output('-internal', '-dry-run', bench.uri)), lines);
    assert.deepEqual(await bench.consul.get<object>('/agent/services'), before);
  });

  it('shows the same as JSON', async () => {
    const { services, problems } = JSON.parse(
      await output('plan', '-json', '-internal', bench.uri),
    ) as {
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
    const lines = squeeze(await output('explain', '-internal', 'web', bench.uri));
    assert.deepEqual(lines.slice(1, 4).concat(lines.at(-2)!), [
      'port 80/tcp: registered',
      ' | id | fakehost:web:80',
      ' | name | web | its image web',
      ' | Consul | has another weight',
    ]);
  });

  it('says that there is no such container, and ends with 1', async () => {
    const { ended, log } = bench.run({}, 'explain', '-internal', 'wep', bench.uri);
    assert.equal(await ended, 1);
    assert.deepEqual(log.lines, ['error there is no container "wep"; did you mean web?']);
  });
});
