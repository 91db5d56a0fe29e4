/** The registrator on the real Docker Engine and a real Consul. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { TestConsul, type HealthEntry } from '../support/consul.ts';
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
  const state = (service: string, expected: RegExp): Promise<unknown> =>
    until(`${service} to be ${expected.source}`, async () =>
      Object.values(await consul.states(service)).some((text) => expected.test(text)),
    );
  const gone = (service: string): Promise<unknown> =>
    until(`${service} to be gone`, async () => {
      return Object.keys(await consul.states(service)).length === 0;
    });

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
