/** The registrator on the real Docker Engine and a real Consul. */
import assert from 'node:assert/strict';
import { TestConsul, type HealthEntry } from '../support/consul.ts';
import { DockerProxy } from '../support/docker-proxy.ts';
import { startRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';
import { docker } from './docker.ts';
import { dockerHost, useRegistratorStage } from './registrator-stage.ts';

describe('the registrator on a real Docker Engine', function () {
  this.timeout(120_000);
  const stage = useRegistratorStage();
  const state = (service: string, expected: RegExp): Promise<void> =>
    stage.consul.untilState(service, expected);
  const gone = (service: string): Promise<void> => stage.consul.untilGone(service);

  it('registers a container while it runs', async () => {
    const web = await stage.alone(
      'web',
      '-e',
      'SERVICE_TAGS=version|v1',
      '-e',
      'SERVICE_PROTOCOL=http',
    );
    await state('web', /^passing/);
    const [entry] = await stage.consul.get<HealthEntry[]>('/health/service/web');
    const address = await docker(
      'inspect',
      '-f',
      `{{(index .NetworkSettings.Networks "${stage.name}").IPAddress}}`,
      web,
    );
    const {
      'composemesh-owner': owner,
      'composemesh-container': id,
      ...meta
    } = entry!.Service.Meta;
    assert.deepEqual(
      {
        id: entry!.Service.ID,
        address: entry!.Service.Address,
        port: entry!.Service.Port,
        tags: entry!.Service.Tags,
        meta,
        owner,
        container: id,
      },
      {
        id: `${await docker('info', '-f', '{{.Name}}')}:${web}:9080`,
        address,
        port: 9080,
        tags: ['version|v1'],
        meta: { protocol: 'http', version: 'v1' },
        owner: await docker('info', '-f', '{{.ID}}'),
        container: await docker('inspect', '-f', '{{.Id}}', web),
      },
    );
    await docker('stop', web);
    await gone('web');
    await docker('start', web);
    await state('web', /^passing/);
    await docker('kill', web);
    await gone('web');
  });

  it('takes an instance out of traffic before its container ends', async () => {
    // It ends when it has been looked at, not after a time.
    const end = 'until [ -e /end ]; do sleep 0.1; done; exit';
    const slow = await stage.script('slow', `trap "${end}" TERM; while :; do sleep 0.1; done`);
    await state('slow', /^passing/);
    const stopped = docker('stop', '-t', '30', slow);
    await state('slow', /^critical: container .* is stopping$/);
    assert.equal(await docker('inspect', '-f', '{{.State.Running}}', slow), 'true');
    await docker('exec', slow, 'touch', '/end');
    await stopped;
    await gone('slow');
  });

  it('does not take a HUP for the end', async () => {
    const hup = await stage.script('hup', 'trap "echo again" HUP; while :; do sleep 0.1; done');
    await state('hup', /^passing/);
    const before = stage.lines.length;
    await docker('kill', '-s', 'HUP', hup);
    // Events come in order: when this pause is seen, the signal has been.
    await docker('pause', hup);
    await state('hup', /^critical: .* is paused/);
    const said = (): readonly string[] =>
      stage.lines.slice(before).filter((line) => line.includes(hup));
    // The registrator says it when Consul has answered: others may see the new state before.
    await until('the pause in its log', () => said().some((line) => line.includes('is paused')));
    assert.deepEqual(said(), [`info container ${hup} is paused; run: docker unpause ${hup}`]);
    await docker('unpause', hup);
    await state('hup', /^passing/);
  });

  it('does not bring a paused container back while it is being stopped', async () => {
    const web = await stage.alone('paused');
    await state('paused', /^passing/);
    await docker('pause', web);
    await state('paused', /^critical: .* is paused/);
    const before = stage.lines.length;
    await docker('stop', '-t', '1', web);
    await gone('paused');
    assert.ok(!stage.lines.slice(before).some((line) => line.endsWith(`${web} is running`)));
  });

  it('follows a HEALTHCHECK', async () => {
    const flags = [
      '--health-cmd',
      'test -e /ok || { echo no /ok; false; }',
      '--health-interval',
      '0.3s',
      '--health-retries',
      '1',
    ];
    const sick = await stage.alone('sick', ...flags);
    await state('sick', /^critical: .* is (starting|unhealthy)/);
    await state('sick', /^critical: .* is unhealthy: no \/ok$/);
    await docker('exec', sick, 'touch', '/ok');
    await state('sick', /^passing: .* is healthy$/);
    await docker('exec', sick, 'rm', '/ok');
    await state('sick', /^critical: .* is unhealthy: no \/ok$/);
  });

  it('makes only calls that read, behind a proxy that lets nothing else through', async () => {
    const socket = dockerHost.slice('unix://'.length);
    const allowed = /^GET \/(info|events|containers\/json|containers\/[0-9a-f]{64}\/json)$/;
    const proxy = await DockerProxy.start(socket, { allowed });
    const other = await TestConsul.start();
    const uri = other.address.replace('http:', 'consul:');
    const behind = startRegistrator(['-internal', uri], { DOCKER_HOST: proxy.dockerHost });
    try {
      const web = await stage.alone('proxied');
      await other.untilState('proxied', /^passing/);
      await docker('rm', '-f', web);
      await other.untilGone('proxied');
      assert.deepEqual(
        proxy.calls.filter((made) => !made.allowed),
        [],
      );
    } finally {
      await behind.stop();
      await proxy.close();
      await other.stop();
    }
  });

  it('takes an instance out of traffic before its signal, when it is drained', async () => {
    const web = await stage.alone('drained');
    await state('drained', /^passing/);
    const draining = stage.run('drain', '-drain-time=1ms', web);
    assert.equal(await draining.ended, 0, draining.log.lines.join('\n'));
    assert.deepEqual(await stage.consul.passing('drained'), []);
    assert.equal(await docker('inspect', '-f', '{{.State.Running}}', web), 'true');
    await docker('restart', '-t', '1', web);
    await until('its new run', async () => (await stage.consul.passing('drained')).length === 1);
  });

  it('runs a check inside the container by Consul', async () => {
    const web = await stage.alone(
      'inside',
      '-e',
      'SERVICE_CHECK_DOCKER=test -e /ok',
      '-e',
      'SERVICE_CHECK_INTERVAL=1s',
    );
    const exec = async (): Promise<string | undefined> => {
      const [entry] = await stage.consul.get<HealthEntry[]>('/health/service/inside');
      return entry?.Checks.find(({ CheckID }) => CheckID.endsWith(':exec'))?.Status;
    };
    await until('the check to fail', async () => (await exec()) === 'critical');
    await docker('exec', web, 'touch', '/ok');
    await until('the check to pass', async () => (await exec()) === 'passing');
  });

  it('is right again after Consul lost its data', async () => {
    await stage.alone('web');
    await state('web', /^passing/);
    await stage.consul.halt('SIGKILL');
    await stage.consul.loseData();
    const db = await stage.alone('db');
    await stage.consul.run();
    await Promise.all([state('web', /^passing/), state('db', /^passing/)]);
    await docker('rm', '-f', db);
    await gone('db');
  });
});
