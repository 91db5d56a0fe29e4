import assert from 'node:assert/strict';
import { until } from '../support/until.ts';
import { buildImage, docker, DockerBench, logsOf } from './docker.ts';

const podImage = 'composemesh/pod:e2e';
const sidecarImage = 'composemesh/sidecar:e2e';
const nodeImage = 'node:24-bookworm-slim';

/** Listens on the ports given as NAME=PORT, prints a line for each, and says NAME to whoever connects. */
const greeter = `
  for (const pair of process.argv.slice(1)) {
    const [name, port] = pair.split('=');
    require('net').createServer((s) => { s.on('error', () => {}); s.end(name); })
      .listen(+port, '::', () => console.log(name));
  }
  process.on('SIGTERM', () => process.exit());`;

/** Prints what each HOST,PORT says, a line each. */
const caller = `
  (async () => {
    for (const target of process.argv.slice(1)) {
      const [host, port] = target.split(',');
      const said = await new Promise((resolve) => {
        const s = require('net').connect({ host, port: +port, timeout: 30000 });
        s.on('data', (d) => resolve(String(d)));
        s.on('error', (e) => resolve(e.code));
        s.on('timeout', () => { s.destroy(); resolve('timeout'); });
      });
      console.log(said);
    }
  })();`;

/** Prints what each name resolves to, by UDP, then by the C library. */
const resolving = `
  (async () => {
    const dns = require('dns').promises;
    for (const name of process.argv.slice(1)) {
      const udp = await dns.resolve4(name).then(String, (e) => e.code);
      const libc = await dns.lookup(name, { family: 4 }).then((r) => r.address, (e) => e.code);
      console.log([name, udp, libc].join(' '));
    }
  })();`;

/** Asks for a mesh name and for another one very often, and counts the answers. */
const hammer = `
  (async () => {
    const dns = require('dns').promises;
    const seen = {};
    await Promise.all(Array.from({ length: 50 }, async () => {
      const resolver = new dns.Resolver();
      resolver.setServers(['127.0.0.11']);
      for (let i = 0; i < 300; i++) {
        const name = i % 2 === 0 ? 'shop' : 'pilot';
        const answer = await resolver.resolve4(name).then(String, (e) => e.code);
        seen[name + ' ' + answer] = (seen[name + ' ' + answer] || 0) + 1;
      }
    }));
    console.log(JSON.stringify(seen));
  })();`;

/** Serves the name table {shop: 240.240.0.5}, on the port where the agent looks for pilot. */
const fakePilot = `
  require('http').createServer((request, response) => {
    response.write(JSON.stringify({ version: '1', names: { shop: ['240.240.0.5'] } }) + '\\n');
  }).listen(8080);
  process.on('SIGTERM', () => process.exit());`;

async function callFrom(container: string, user: string, ...targets: string[]): Promise<string[]> {
  const said = await docker('exec', '--user', user, container, 'node', '-e', caller, ...targets);
  return said.split('\n');
}

async function addressOf(container: string, field = 'IPAddress'): Promise<string> {
  return docker(
    'inspect',
    '-f',
    `{{range .NetworkSettings.Networks}}{{.${field}}}{{end}}`,
    container,
  );
}

async function untilHealthy(container: string): Promise<void> {
  await until(`${container} to be healthy`, async () => {
    const health = await docker('inspect', '-f', '{{.State.Health.Status}}', container);
    return health === 'healthy';
  });
}

/** Starts a container that listens as its pairs NAME=PORT say, and waits until it does. */
async function startGreeter(
  bench: DockerBench,
  name: string,
  flags: readonly string[],
  ...pairs: readonly string[]
): Promise<string> {
  const full = await bench.start(name, ...flags, nodeImage, 'node', '-e', greeter, ...pairs);
  const listening = async (): Promise<number> => (await logsOf(full)).split('\n').length - 1;
  await until(`${full} to listen`, async () => (await listening()) >= pairs.length);
  return full;
}

const natRules = (pod: string): Promise<string> =>
  docker(
    'exec',
    pod,
    'sh',
    '-c',
    'iptables-save -t nat | grep -e ^-A | grep -v DOCKER_OUTPUT.*DNAT',
  );

describe('capture in a pod', function () {
  const bench = new DockerBench();
  let network: string;
  let pod: string;
  let app: string;
  let peer: string;

  before(async () => {
    await buildImage(podImage, 'pod');
    network = await bench.network('net');
    const alias = ['--network', network, '--network-alias', 'db'];
    peer = await startGreeter(bench, 'peer', alias, 'db=8080', 'db-excluded=8081');
    pod = await bench.start(
      'pod',
      ...['--network', network, '--network-alias', 'web', '--cap-add', 'NET_ADMIN'],
      ...['--env', 'CMESH_EXCLUDE_OUTBOUND_PORTS=8081', podImage],
    );
    const joined = ['--network', `container:${pod}`];
    const asProxy = [...joined, '--user', '1337:1337'];
    const ports = ['outbound=15001', 'inbound=15006', 'readiness=15021'];
    await startGreeter(bench, 'proxy', asProxy, ...ports);
    app = await startGreeter(bench, 'app', joined, 'app=9080');
    await untilHealthy(pod);
  });

  after(() => bench.close());

  it('sends the calls of the application to the outbound port, but for excluded ones', async () => {
    const db = await addressOf(peer);
    assert.deepEqual(
      await callFrom(app, 'root', `${db},8080`, '240.240.0.9,80', `${db},8081`, '127.0.0.1,9080'),
      ['outbound', 'outbound', 'db-excluded', 'app'],
    );
  });

  it('lets the proxy out', async () => {
    assert.deepEqual(await callFrom(app, '1337', 'db,8080', '127.0.0.1,9080'), ['db', 'app']);
  });

  it('sends calls from outside to the inbound port, but for those of the sidecar itself', async () => {
    assert.deepEqual(await callFrom(peer, 'root', 'web,9080', 'web,12345', 'web,15021'), [
      'inbound',
      'inbound',
      'readiness',
    ]);
  });

  it('takes the call of a workload to itself as inbound when the proxy makes it', async () => {
    const own = await addressOf(pod);
    assert.deepEqual(
      {
        proxy: await callFrom(app, '1337', `${own},9080`, `${own},15021`),
        application: await callFrom(app, 'root', `${own},9080`),
      },
      { proxy: ['inbound', 'readiness'], application: ['app'] },
    );
  });

  it('comes before the rules of Docker and is the same when applied again', async () => {
    const first = await natRules(pod);
    const again = await docker('exec', pod, '/usr/local/lib/cmesh/capture.sh', 'apply');
    assert.deepEqual(
      {
        output: first.split('\n').filter((rule) => rule.startsWith('-A OUTPUT')),
        again,
        rules: await natRules(pod),
      },
      {
        output: ['-A OUTPUT -j CMESH_OUTPUT', '-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT'],
        again: 'cmesh capture: IPv4 rules are in force (iptables-nft)',
        rules: first,
      },
    );
  });

  it('costs less than 5 MB, runs without any right and stops at once', async () => {
    const usage = await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', pod);
    const [, amount = '', unit = ''] = /^([\d.]+)([KM])iB/.exec(usage) ?? [];
    const mebibytes = Number(amount) / (unit === 'K' ? 1024 : 1);
    const status = await docker('exec', pod, 'cat', '/proc/1/status');
    const rights = status
      .split('\n')
      .filter((line) => /^(Uid|Cap(Eff|Prm|Bnd)|NoNewPrivs)/.test(line));
    const flags = ['--network', network, '--cap-add', 'NET_ADMIN'];
    const idle = await bench.start('idle', ...flags, podImage);
    await untilHealthy(idle);
    // What does not end by itself is killed after ten seconds, and its code is 137.
    await docker('stop', idle);
    assert.deepEqual(
      {
        small: mebibytes < 5,
        code: await docker('inspect', '-f', '{{.State.ExitCode}}', idle),
        rights: rights.map((line) => line.replace(/\s+/g, ' ')),
      },
      {
        small: true,
        code: '0',
        rights: [
          'Uid: 65534 65534 65534 65534',
          'CapPrm: 0000000000000000',
          'CapEff: 0000000000000000',
          'CapBnd: 0000000000000000',
          'NoNewPrivs: 1',
        ],
      },
      usage,
    );
  });

  it('says what is missing when the container may not change the rules', async () => {
    const weak = await bench.start('weak', '--network', network, podImage);
    const code = await docker('wait', weak);
    assert.deepEqual(
      { code, log: (await logsOf(weak)).trim() },
      {
        code: '1',
        log: 'cmesh capture: the capability NET_ADMIN is missing; give it to the pod container (Compose: cap_add: [NET_ADMIN])',
      },
    );
  });

  it('routes virtual addresses where there is no default route', async () => {
    const lone = await bench.start(
      'lone',
      ...['--network', network, '--cap-add', 'NET_ADMIN', podImage],
    );
    const asProxy = ['--network', `container:${lone}`, '--user', '1337:1337'];
    const ports = ['outbound=15001', 'inbound=15006'];
    const proxy = await startGreeter(bench, 'lone-proxy', asProxy, ...ports);
    await untilHealthy(lone);
    // As in an internal network of a newer Engine.
    await docker('exec', lone, 'ip', 'route', 'delete', 'default');
    const before = await callFrom(proxy, 'root', '240.240.0.9,80');
    await docker('exec', lone, '/usr/local/lib/cmesh/capture.sh', 'apply');
    assert.deepEqual(
      { before, after: await callFrom(proxy, 'root', '240.240.0.9,80') },
      { before: ['ENETUNREACH'], after: ['outbound'] },
    );
  });

  it('captures IPv6 where the pod has an address of it', async () => {
    const subnet = `fd00:${(process.pid & 0xffff).toString(16)}::/64`;
    const six = await bench.network('six', '--ipv6', '--subnet', subnet);
    const target = await startGreeter(bench, 'six-peer', ['--network', six], 'db=8080');
    const flags = ['--network', six, '--cap-add', 'NET_ADMIN'];
    const double = await bench.start('six-pod', ...flags, podImage);
    const asProxy = ['--network', `container:${double}`, '--user', '1337:1337'];
    const ports = ['outbound=15001', 'inbound=15006'];
    const proxy = await startGreeter(bench, 'six-proxy', asProxy, ...ports);
    await untilHealthy(double);
    const there = await addressOf(target, 'GlobalIPv6Address');
    const here = await addressOf(double, 'GlobalIPv6Address');
    assert.deepEqual(
      {
        application: await callFrom(proxy, 'root', `${there},8080`),
        proxy: await callFrom(proxy, '1337', `${there},8080`),
        inbound: await callFrom(target, 'root', `${here},9080`),
      },
      { application: ['outbound'], proxy: ['db'], inbound: ['inbound'] },
    );
  });

  it('is there again after a restart of the pod', async () => {
    await docker('restart', '--time', '5', pod);
    await untilHealthy(pod);
    const rules = await natRules(pod);
    assert.match(rules, /^-A PREROUTING -p tcp -j CMESH_INBOUND\n-A OUTPUT -j CMESH_OUTPUT\n/);
  });
});

describe('the sidecar in a pod', () => {
  const bench = new DockerBench();
  let pod: string;
  let sidecar: string;
  let app: string;
  let peer: string;

  const resolveFrom = (container: string, ...names: string[]): Promise<string> =>
    docker('exec', container, 'node', '-e', resolving, ...names);

  before(async () => {
    await buildImage(podImage, 'pod');
    await buildImage(sidecarImage, 'sidecar');
    const network = await bench.network('mesh');
    peer = await bench.start(
      'pilot',
      ...['--network', network, '--network-alias', 'pilot', nodeImage, 'node', '-e', fakePilot],
    );
    pod = await bench.start(
      'web',
      ...['--network', network, '--hostname', 'web-v1', '--cap-add', 'NET_ADMIN', podImage],
    );
    const joined = ['--network', `container:${pod}`];
    const drain = ['--env', 'CMESH_DRAIN_SECONDS=600'];
    sidecar = await bench.start('sidecar', ...joined, ...drain, '--restart=always', sidecarImage);
    app = await startGreeter(bench, 'shop-app', joined, 'app=9080');
    await untilHealthy(pod);
  });

  after(() => bench.close());

  it('answers names of the mesh and has the others answered by Docker', async () => {
    const pilot = await addressOf(peer);
    const expected = [
      'shop 240.240.0.5 240.240.0.5',
      `pilot ${pilot} ${pilot}`,
      'nowhere.invalid ENOTFOUND ENOTFOUND',
    ].join('\n');
    const answers = await until('the name table', async () => {
      const seen = await resolveFrom(app, 'shop', 'pilot', 'nowhere.invalid');
      return seen.includes('shop 240') ? seen : undefined;
    });
    assert.equal(answers, expected);
  });

  it('runs as the user that the rules let out, and is small', async () => {
    const status = await docker('exec', sidecar, 'cat', '/proc/1/status');
    const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
    assert.deepEqual(
      { uid, small: Number(kilobytes) <= 60 * 1024 },
      { uid: '1337', small: true },
      `${kilobytes ?? '?'} kB`,
    );
  });

  it('answers every one of many queries right, however source ports repeat', async () => {
    const expected = { 'shop 240.240.0.5': 7500, [`pilot ${await addressOf(peer)}`]: 7500 };
    const runs = [1, 2, 3].map(() => docker('exec', app, 'node', '-e', hammer));
    assert.deepEqual(
      (await Promise.all(runs)).map((run): unknown => JSON.parse(run)),
      [expected, expected, expected],
    );
  });

  it('answers over TCP too', async () => {
    const query = '000701000001000000000000' + '0473686f70' + '00' + '00010001';
    const script = `
      const s = require('net').connect(53, '127.0.0.11', () => s.write(Buffer.from('001600'.slice(0, 4) + '${query}', 'hex')));
      s.on('data', (d) => { console.log(d.subarray(-4).join('.')); s.end(); });`;
    assert.equal(await docker('exec', app, 'node', '-e', script), '240.240.0.5');
  });

  it('notices that its namespace is dead and is started again in the new one', async () => {
    await docker('restart', '--time', '5', pod);
    await until('the sidecar to notice', async () => {
      const log = await logsOf(sidecar);
      return log.includes('the network namespace is dead');
    });
    await docker('restart', '--time', '1', app);
    await until('names of the mesh', async () => {
      const seen = await resolveFrom(app, 'shop');
      return seen === 'shop 240.240.0.5 240.240.0.5';
    });
  });

  it('stops at once when nothing is connected', async () => {
    // One that waits does so until it is killed: it may take ten minutes.
    await docker('stop', '--time', '20', sidecar);
    assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', sidecar), '0');
  });
});
