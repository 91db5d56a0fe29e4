/** Podman in the place of Docker, by its Docker-compatible API. scripts/ci/podman.sh installs it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { TestConsul } from '../support/consul.ts';
import { startRegistrator, type RunningRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';
import { run } from './command.ts';

describe('the registrator and Podman', function () {
  this.timeout(240_000);

  const life = new Lifecycle();
  const network = `cmesh-e2e-${process.pid}`;
  let folder: string;
  let consul: TestConsul;

  const podman = (...args: readonly string[]): Promise<string> => {
    const place = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
    return run('podman', [...place, ...args]);
  };
  const dockerHost = (): string => `unix://${join(folder, 'podman.sock')}`;
  const follow = (): RunningRegistrator =>
    startRegistrator(['-internal', consul.address.replace('http:', 'consul:')], {
      DOCKER_HOST: dockerHost(),
    });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'composemesh-podman-'));
    life.add({ close: () => rm(folder, { recursive: true, force: true }) });
    consul = await TestConsul.start();
    life.add({ close: () => consul.stop() });
    const place = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
    const service = spawn('podman', [...place, 'system', 'service', '--time=0', dockerHost()], {
      stdio: 'ignore',
    });
    life.add({
      close: async () => {
        const ended = once(service, 'exit');
        service.kill();
        await ended;
      },
    });
    await until('its service', () => existsSync(join(folder, 'podman.sock')));
    const image = join(folder, 'image.tar');
    await run('docker', ['save', '-o', image, 'debian:bookworm-slim']);
    await podman('load', '-i', image);
    await podman('network', 'create', network);
    life.add({
      close: async () => {
        await podman('rm', '--all', '--force', '--time=0');
        await podman('network', 'rm', network);
        // Its storage is mounted.
        await podman('system', 'reset', '--force');
      },
    });
  });

  after(() => life.close());

  it('follows a container through its life, and knows its own services after a restart', async () => {
    const first = follow();
    const limits = ['--ulimit', 'nofile=1000:1000', '--ulimit', 'nproc=1000:1000'];
    const flags = [
      '--network',
      network,
      '--expose',
      '9080',
      '--env',
      'SERVICE_NAME=web',
      ...limits,
    ];
    await podman('run', '-d', '--name', 'web', ...flags, 'debian:bookworm-slim', 'sleep', '600');
    const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    const address = await podman('inspect', '--format', format, 'web');
    await consul.untilPassing('web', `${address}:9080`);
    await podman('pause', 'web');
    await consul.untilState('web', /^critical: .* is paused/);
    await podman('unpause', 'web');
    await consul.untilState('web', /^passing/);
    await first.stop();
    const second = follow();
    await podman('kill', 'web');
    await consul.untilGone('web');
    await podman('start', 'web');
    await consul.untilState('web', /^passing/);
    await podman('rm', '--force', '--time=0', 'web');
    await consul.untilGone('web');
    await second.stop();
    const errors = [...first.log.lines, ...second.log.lines].filter((line) =>
      line.startsWith('error'),
    );
    assert.deepEqual(errors, []);
  });
});
