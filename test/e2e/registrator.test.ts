/** The registrator on the real Docker Engine and a real Consul. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { TestConsul, type HealthEntry } from '../support/consul.ts';
import { DockerProxy } from '../support/docker-proxy.ts';
import { startRegistrator, type RunningRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const name = `cmesh-e2e-${process.pid}`;
const image = `${name}-image`;

async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args)).stdout.trim();
}

/** An image that EXPOSEs a port: a container in another's network cannot be given one otherwise. */
async function buildImage(): Promise<void> {
  const build = spawn('docker', ['build', '-q', '-t', image, '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  build.stdin.end('FROM debian:bookworm-slim\nEXPOSE 9080\nCMD ["sleep", "infinity"]\n');
  const [code] = (await once(build, 'exit')) as [number | null];
  assert.equal(code, 0, 'docker build');
}

describe('the registrator on a real Docker Engine', function () {
  this.timeout(120_000);
  let consul: TestConsul;
  let registrator: RunningRegistrator;
  const containers = new Set<string>();

  /** Starts a container of the test's image, ignoring SIGTERM only where the test wants it. */
  const start = async (part: string, ...flags: string[]): Promise<string> => {
    const full = `${name}-${part}`;
    containers.add(full);
    await docker('run', '-d', '--init', '--name', full, ...flags, image, 'sleep', 'infinity');
    return full;
  };
  const alone = (part: string, ...flags: string[]): Promise<string> =>
    start(part, '--network', name, '-e', `SERVICE_NAME=${part}`, ...flags);
  const state = (service: string, expected: RegExp): Promise<void> =>
    consul.untilState(service, expected);
  const gone = (service: string): Promise<void> => consul.untilGone(service);

  before(async () => {
    await Promise.all([buildImage(), docker('network', 'create', name)]);
    consul = await TestConsul.start({ enable_script_checks: true });
    registrator = startRegistrator(['-internal', consul.address.replace('http:', 'consul:')], {
      DOCKER_HOST: process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
    });
  });

  afterEach(async () => {
    if (containers.size > 0) await docker('rm', '-f', ...containers);
    containers.clear();
  });

  after(async () => {
    await registrator.stop();
    await consul.stop();
    await docker('network', 'rm', name);
    await docker('rmi', '-f', image);
  });

  it('registers a container while it runs', async () => {
    const web = await alone('web', '-e', 'SERVICE_TAGS=version|v1', '-e', 'SERVICE_PROTOCOL=http');
    await state('web', /^passing/);
    const [entry] = await consul.get<HealthEntry[]>('/health/service/web');
    const address = await docker(
      'inspect',
      '-f',
      `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`,
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
    const slow = `${name}-slow`;
    containers.add(slow);
    const script = 'trap "sleep 3; exit" TERM; while :; do sleep 0.1; done';
    await docker(
      'run',
      '-d',
      '--network',
      name,
      '--name',
      slow,
      '-e',
      'SERVICE_NAME=slow',
      image,
      'bash',
      '-c',
      script,
    );
    await state('slow', /^passing/);
    const stopped = docker('stop', slow);
    await state('slow', /^critical: container .* is stopping$/);
    assert.equal(await docker('inspect', '-f', '{{.State.Running}}', slow), 'true');
    await stopped;
    await gone('slow');
  });

  it('does not take a HUP for the end', async () => {
    const hup = `${name}-hup`;
    containers.add(hup);
    const script = 'trap "echo again" HUP; while :; do sleep 0.1; done';
    await docker(
      'run',
      '-d',
      '--network',
      name,
      '--name',
      hup,
      '-e',
      'SERVICE_NAME=hup',
      image,
      'bash',
      '-c',
      script,
    );
    await state('hup', /^passing/);
    const before = registrator.log.lines.length;
    await docker('kill', '-s', 'HUP', hup);
    // Events come in order: when this pause is seen, the signal has been.
    await docker('pause', hup);
    await state('hup', /^critical: .* is paused/);
    const lines = registrator.log.lines.slice(before).filter((line) => line.includes(hup));
    assert.deepEqual(lines, [`info container ${hup} is paused; run: docker unpause ${hup}`]);
    await docker('unpause', hup);
    await state('hup', /^passing/);
  });

  it('does not bring a paused container back while it is being stopped', async () => {
    const web = await alone('paused');
    await state('paused', /^passing/);
    await docker('pause', web);
    await state('paused', /^critical: .* is paused/);
    const before = registrator.log.lines.length;
    await docker('stop', '-t', '1', web);
    await gone('paused');
    assert.ok(
      !registrator.log.lines.slice(before).some((line) => line.endsWith(`${web} is running`)),
    );
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
    const sick = await alone('sick', ...flags);
    await state('sick', /^critical: .* is (starting|unhealthy)/);
    await state('sick', /^critical: .* is unhealthy: no \/ok$/);
    await docker('exec', sick, 'touch', '/ok');
    await state('sick', /^passing: .* is healthy$/);
    await docker('exec', sick, 'rm', '/ok');
    await state('sick', /^critical: .* is unhealthy: no \/ok$/);
  });

  describe('with pod, app and sidecar in one network', () => {
    let pod: string;
    let app: string;
    let sidecar: string;

    const join = (part: string, ...flags: string[]): Promise<string> =>
      start(part, '--network', `container:${pod}`, ...flags);

    beforeEach(async () => {
      pod = await start('pod', '--network', name, '--label', 'composemesh.role=pod');
      sidecar = await join('sidecar', '--label', 'composemesh.role=sidecar');
      app = await join('app', '-e', 'SERVICE_NAME=joined');
      await state('joined', /^passing/);
    });

    it('makes one instance, at the address of the pod', async () => {
      const address = await docker(
        'inspect',
        '-f',
        `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`,
        pod,
      );
      assert.deepEqual(await consul.passing('joined'), [`${address}:9080`]);
      const services = Object.keys(await consul.get<object>('/agent/services'));
      assert.deepEqual(
        services.filter((id) => id.includes(name)).map((id) => id.split(':')[1]),
        [app],
      );
    });

    it('is critical while the sidecar is down, and passing when it is back', async () => {
      await docker('stop', sidecar);
      await state('joined', /^critical: sidecar .* is not running/);
      await docker('start', sidecar);
      await state('joined', /^passing/);
      await docker('rm', '-f', sidecar);
      await state('joined', /^critical: pod .* has no sidecar/);
    });

    it('tells what to do when the pod lost its network, and is passing when that was done', async () => {
      await docker('restart', '-t', '1', pod);
      await state(
        'joined',
        new RegExp(`^critical: container ${app} lost its network, .* docker restart ${app}$`),
      );
      await docker('restart', '-t', '1', app);
      await state(
        'joined',
        new RegExp(`^critical: sidecar: container ${sidecar} lost .* docker restart ${sidecar}$`),
      );
      await docker('restart', '-t', '1', sidecar);
      await state('joined', /^passing/);
    });

    it('ends with the app, whatever goes on running', async () => {
      await docker('stop', app);
      await gone('joined');
      await docker('start', app);
      await state('joined', /^passing/);
    });
  });

  it('says why a container is registered as it is, before and after', async () => {
    const other = `${name}-other`;
    await docker('network', 'create', other);
    try {
      const web = await alone('told', '-e', `SERVICE_NETWORK=${other}`, '--expose', '81');
      const look = async (...argv: string[]): Promise<string> => {
        const looking = startRegistrator([...argv, consul.address.replace('http:', 'consul:')], {
          DOCKER_HOST: process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
        });
        assert.equal(await looking.ended, 0, looking.log.lines.join('\n'));
        return looking.output.join('');
      };
      assert.match(await look('explain', '-internal', web), /E_NETWORK .*is not on network/);
      await docker('network', 'connect', other, web);
      await state('told-9080', /^passing/);
      assert.match(
        await look('explain', '-internal', web),
        new RegExp(`address .*network ${other} \\(SERVICE_NETWORK\\)\n[^]*Consul +has it\n`),
      );
      const plan = await look('plan', '-internal');
      assert.match(plan, new RegExp(`^none +told-81 .*:${web}:81$`, 'm'));
    } finally {
      await docker('rm', '-f', ...containers);
      containers.clear();
      await docker('network', 'rm', other);
    }
  });

  it('registers the ports of a container on the network of the host', async () => {
    const own = await start('host', '--network', 'host', '-e', 'SERVICE_NAME=onhost');
    await state('onhost', /^passing/);
    const [entry] = await consul.get<HealthEntry[]>('/health/service/onhost');
    assert.deepEqual(
      [entry!.Service.ID.split(':').slice(1), entry!.Service.Port],
      [[own, '9080'], 9080],
    );
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    assert.ok(addresses.some(({ address }) => address === entry!.Service.Address));
  });

  it('registers every replica of a Compose service, and one that joined the network of another', async () => {
    const project = `${name}-shop`;
    const file = {
      services: {
        web: {
          image,
          environment: { SERVICE_NAME: 'replica' },
          deploy: { replicas: 2 },
          stop_grace_period: '1s',
        },
        base: { image, environment: { SERVICE_IGNORE: '1' }, stop_grace_period: '1s' },
        joined: {
          image,
          network_mode: 'service:base',
          environment: { SERVICE_NAME: 'onbase' },
          stop_grace_period: '1s',
        },
      },
    };
    const compose = async (...args: string[]): Promise<void> => {
      const child = spawn('docker', ['compose', '-p', project, '-f', '-', ...args], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.end(JSON.stringify(file));
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(code, 0, `docker compose ${args.join(' ')}`);
    };
    try {
      await compose('up', '-d');
      await Promise.all([state('replica', /^passing/), state('onbase', /^passing/)]);
      const entries = await until('two replicas', async () => {
        const all = await consul.get<HealthEntry[]>('/health/service/replica?passing');
        return all.length === 2 && all;
      });
      const numbers = entries.map(({ Service: { Meta } }) => [
        Meta['compose-project'],
        Meta['compose-service'],
        Meta['compose-number'],
      ]);
      assert.deepEqual(numbers.sort(), [
        [project, 'web', '1'],
        [project, 'web', '2'],
      ]);
      const base = await docker(
        'inspect',
        '-f',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        `${project}-base-1`,
      );
      assert.deepEqual(await consul.passing('onbase'), [`${base}:9080`]);
    } finally {
      await compose('down');
    }
    await Promise.all([gone('replica'), gone('onbase')]);
  });

  it('makes only calls that read, behind a proxy that lets nothing else through', async () => {
    const socket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').slice(7);
    const allowed = /^GET \/(info|events|containers\/json|containers\/[0-9a-f]{64}\/json)$/;
    const proxy = await DockerProxy.start(socket, { allowed });
    const other = await TestConsul.start();
    const uri = other.address.replace('http:', 'consul:');
    const behind = startRegistrator(['-internal', uri], { DOCKER_HOST: proxy.dockerHost });
    try {
      const web = await alone('proxied');
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
    const web = await alone('drained');
    await state('drained', /^passing/);
    const draining = startRegistrator(
      ['drain', '-drain-time=1ms', web, consul.address.replace('http:', 'consul:')],
      { DOCKER_HOST: process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock' },
    );
    assert.equal(await draining.ended, 0, draining.log.lines.join('\n'));
    assert.deepEqual(await consul.passing('drained'), []);
    assert.equal(await docker('inspect', '-f', '{{.State.Running}}', web), 'true');
    await docker('restart', '-t', '1', web);
    await until('its new run', async () => (await consul.passing('drained')).length === 1);
  });

  it('runs a check inside the container by Consul', async () => {
    const web = await alone(
      'inside',
      '-e',
      'SERVICE_CHECK_DOCKER=test -e /ok',
      '-e',
      'SERVICE_CHECK_INTERVAL=1s',
    );
    const exec = async (): Promise<string | undefined> => {
      const [entry] = await consul.get<HealthEntry[]>('/health/service/inside');
      return entry?.Checks.find(({ CheckID }) => CheckID.endsWith(':exec'))?.Status;
    };
    await until('the check to fail', async () => (await exec()) === 'critical');
    await docker('exec', web, 'touch', '/ok');
    await until('the check to pass', async () => (await exec()) === 'passing');
  });

  it('is right again after Consul lost its data', async () => {
    await alone('web');
    await state('web', /^passing/);
    await consul.halt('SIGKILL');
    await consul.loseData();
    const db = await alone('db');
    await consul.run();
    await Promise.all([state('web', /^passing/), state('db', /^passing/)]);
    await docker('rm', '-f', db);
    await gone('db');
  });
});
