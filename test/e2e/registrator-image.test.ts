/** Our image in the place of gliderlabs/registrator's: the commands of its README and quickstart, but for the names. */
import assert from 'node:assert/strict';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { TestConsul, type HealthEntry } from '../support/consul.ts';
import { until } from '../support/until.ts';
import { buildImage, docker, DockerBench, logsOf } from './docker.ts';

describe("the image in the place of gliderlabs/registrator's", function () {
  this.timeout(600_000);
  const life = new Lifecycle();
  const image = `cmesh-e2e-${process.pid}-registrator`;
  let containers: DockerBench;
  let consul: TestConsul;

  before(async () => {
    await buildImage(image, 'control-plane', 'registrator');
    life.add({
      close: async () => {
        await docker('rmi', '--force', image);
      },
    });
    consul = await TestConsul.start();
    life.add({ close: () => consul.stop() });
    containers = life.add(new DockerBench());
  });

  after(() => life.close());

  it('runs by the command of its README, and registers what -P publishes', async () => {
    const registrator = await containers.start(
      'registrator',
      ...['--net=host', '--volume=/var/run/docker.sock:/tmp/docker.sock'],
      ...[image, consul.address.replace('http:', 'consul:')],
    );
    const redis = await containers.start(
      'redis',
      ...['-P', '--expose', '6379', '-e', 'SERVICE_NAME=redis'],
      ...['debian:bookworm-slim', 'sleep', 'infinity'],
    );
    const entry = await until('redis', async () => {
      const [found] = await consul.get<HealthEntry[]>('/health/service/redis?passing');
      return found;
    }).catch(async (error: unknown) => {
      throw new Error(await logsOf(registrator), { cause: error });
    });
    const port = (await docker('port', redis, '6379')).split('\n')[0]?.split(':').at(-1);
    assert.deepEqual(
      { id: entry.Service.ID, port: entry.Service.Port },
      { id: `${await docker('info', '--format', '{{.Name}}')}:${redis}:6379`, port: Number(port) },
    );
    await docker('rm', '--force', redis);
    await consul.untilGone('redis');
  });

  it('prints the version and the usage as the old one does', async () => {
    assert.match(await docker('run', '--rm', image, '--version'), /^\d+\.\d+\.\d+$/);
    await assert.rejects(docker('run', '--rm', image), /ended with 2:\n.*registry URI/);
  });
});
