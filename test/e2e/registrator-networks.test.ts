/** The registrator on the real Docker Engine: containers that share a network, have several, or none of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { HealthEntry } from '../support/consul.ts';
import { until } from '../support/until.ts';
import { docker } from './docker.ts';
import { useRegistratorStage } from './registrator-stage.ts';

describe('the registrator and the networks of a real Docker Engine', function () {
  this.timeout(120_000);
  const stage = useRegistratorStage();
  const state = (service: string, expected: RegExp): Promise<void> =>
    stage.consul.untilState(service, expected);
  const gone = (service: string): Promise<void> => stage.consul.untilGone(service);

  describe('with pod, app and sidecar in one network', () => {
    let pod: string;
    let app: string;
    let sidecar: string;

    const join = (part: string, ...flags: string[]): Promise<string> =>
      stage.start(part, '--network', `container:${pod}`, ...flags);

    beforeEach(async () => {
      pod = await stage.start('pod', '--network', stage.name, '--label', 'composemesh.role=pod');
      sidecar = await join('sidecar', '--label', 'composemesh.role=sidecar');
      app = await join('app', '-e', 'SERVICE_NAME=joined');
      await state('joined', /^passing/);
    });

    it('makes one instance, at the address of the pod', async () => {
      const address = await docker(
        'inspect',
        '-f',
        `{{(index .NetworkSettings.Networks "${stage.name}").IPAddress}}`,
        pod,
      );
      assert.deepEqual(await stage.consul.passing('joined'), [`${address}:9080`]);
      const services = Object.keys(await stage.consul.get<object>('/agent/services'));
      assert.deepEqual(
        services.filter((id) => id.includes(stage.name)).map((id) => id.split(':')[1]),
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
    const other = `${stage.name}-other`;
    await docker('network', 'create', other);
    try {
      const web = await stage.alone('told', '-e', `SERVICE_NETWORK=${other}`, '--expose', '81');
      const look = async (...argv: string[]): Promise<string> => {
        const looking = stage.run(...argv);
        assert.equal(await looking.ended, 0, looking.log.lines.join('\n'));
        return looking.output.join('');
      };
      assert.match(await look('explain', '-internal', web), /E_NETWORK .*is not on network/);
      await docker('network', 'connect', other, web);
      await Promise.all([state('told-9080', /^passing/), state('told-81', /^passing/)]);
      assert.match(
        await look('explain', '-internal', web),
        new RegExp(`address .*network ${other} \\(SERVICE_NETWORK\\)\n[^]*Consul +has it\n`),
      );
      const plan = await look('plan', '-internal');
      assert.match(plan, new RegExp(`^none +told-81 .*:${web}:81$`, 'm'));
    } finally {
      await stage.clear();
      await docker('network', 'rm', other);
    }
  });

  it('registers the ports of a container on the network of the host', async () => {
    const own = await stage.start('host', '--network', 'host', '-e', 'SERVICE_NAME=onhost');
    await state('onhost', /^passing/);
    const [entry] = await stage.consul.get<HealthEntry[]>('/health/service/onhost');
    assert.deepEqual(
      [entry!.Service.ID.split(':').slice(1), entry!.Service.Port],
      [[own, '9080'], 9080],
    );
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    assert.ok(addresses.some(({ address }) => address === entry!.Service.Address));
  });

  it('registers every replica of a Compose service, and one that joined the network of another', async () => {
    const project = `${stage.name}-shop`;
    const file = {
      services: {
        web: {
          image: stage.image,
          environment: { SERVICE_NAME: 'replica' },
          deploy: { replicas: 2 },
          stop_grace_period: '1s',
        },
        base: { image: stage.image, environment: { SERVICE_IGNORE: '1' }, stop_grace_period: '1s' },
        joined: {
          image: stage.image,
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
        const all = await stage.consul.get<HealthEntry[]>('/health/service/replica?passing');
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
      assert.deepEqual(await stage.consul.passing('onbase'), [`${base}:9080`]);
    } finally {
      await compose('down');
    }
    await Promise.all([gone('replica'), gone('onbase')]);
  });
});
