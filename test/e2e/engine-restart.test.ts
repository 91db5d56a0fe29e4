/** The registrator while the Docker daemon itself ends and starts again: a real dockerd of the test's own. */
import assert from 'node:assert/strict';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { TestConsul } from '../support/consul.ts';
import { OwnEngine } from '../support/own-engine.ts';
import { startRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';

const image = 'debian:bookworm-slim';

/** Within which Consul is to be right again after the daemon answers (ms). */
const limit = 5000;

describe('the registrator and a Docker daemon that restarts', function () {
  this.timeout(240_000);
  const life = new Lifecycle();
  let consul: TestConsul;
  let engine: OwnEngine;

  before(async () => {
    consul = await TestConsul.start();
    life.add({ close: () => consul.stop() });
    engine = await OwnEngine.start();
    life.add({ close: () => engine.stop() });
    await engine.load(image);
    const { stop } = startRegistrator(
      ['-internal', '-ip=192.0.2.1', consul.address.replace('http:', 'consul:')],
      { DOCKER_HOST: engine.dockerHost },
    );
    life.add({
      close: async () => {
        await stop();
      },
    });
  });

  after(() => life.close());

  const start = (name: string, port: string, ...flags: string[]): Promise<string> => {
    const host = ['--network', 'host', '--expose', port, '-e', `SERVICE_NAME=${name}`];
    const command = ['--init', ...host, ...flags, image, 'sleep', 'infinity'];
    return engine.docker('run', '-d', '--name', name, ...command);
  };

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`is right again within 5 s after a daemon that ended by ${signal}`, async () => {
      await start('stays', '9080', '--restart', 'always');
      await start('ends', '9081');
      await consul.untilPassing('stays', '192.0.2.1:9080');
      await consul.untilPassing('ends', '192.0.2.1:9081');
      await engine.halt(signal);
      if (signal === 'SIGKILL') {
        // They still run, and nobody says otherwise.
        assert.deepEqual(await consul.passing('ends'), ['192.0.2.1:9081']);
      }
      await engine.resume();
      const began = Date.now();
      const running = await until('the daemon to have restarted what it restarts', async () => {
        const names = await engine.docker('ps', '--format', '{{.Names}}');
        return names === 'stays' && names;
      });
      await consul.untilPassing('stays', '192.0.2.1:9080');
      await consul.untilGone('ends');
      const took = Date.now() - began;
      assert.ok(took < limit, `Consul had ${running} and no other after ${took} ms`);
      await engine.docker('rm', '-f', 'stays', 'ends');
      await consul.untilGone('stays');
    });
  }
});
