/** What users get wrong: each mistake is told once, with what and where, and harms nobody else. */
import assert from 'node:assert/strict';
import { until } from '../support/until.ts';
import { countLooks, fetchPage } from './bookinfo.ts';
import { run } from './command.ts';
import { docker, DockerBench, logsOf } from './docker.ts';
import {
  applyRules,
  attemptApply,
  consul,
  containerOf,
  getJson,
  lines,
  onStack,
  pilot,
  project,
  resetRules,
  untilSynced,
} from './stack.ts';
import { nodeImage } from './workloads.ts';

const serve = "require('http').createServer((q, r) => r.end('here')).listen(80)";
const controlPlane = 'composemesh/control-plane:dev';

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** The warnings and errors in the log of one of our processes. */
async function complaintsOf(container: string): Promise<readonly string[]> {
  return (await logLines(container)).filter(({ level }) => level >= 40).map(({ msg }) => msg);
}

async function logLines(container: string): Promise<readonly LogLine[]> {
  return lines(await logsOf(container)).map((line) => JSON.parse(line) as LogLine);
}

/** What the registrator complains about a container. */
async function mentions(container: string): Promise<readonly string[]> {
  const said = await complaintsOf(containerOf('registrator'));
  return said.filter((line) => line.includes(container));
}

async function isInConsul(service: string): Promise<boolean> {
  return (await getJson<readonly object[]>(`${consul}/v1/catalog/service/${service}`)).length > 0;
}

const virtualService = (route: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
    - ${route}`;

onStack('what users get wrong', () => {
  const bench = new DockerBench();
  after(() => bench.close());
  afterEach(resetRules);

  async function startLabelled(name: string, labels: readonly string[]): Promise<string> {
    const options = labels.flatMap((label) => ['--label', label]);
    const network = ['--network', `${project}_default`, '--expose', '80'];
    return bench.start(name, ...options, ...network, nodeImage, 'node', '-e', serve);
  }

  it('in labels: a line each, which names the container; it and the others keep working', async () => {
    const container = await startLabelled('garbage', [
      'SERVICE_NAME=garbage',
      'SERVICE_PROTOCOL=htpp',
      'SERVICE_WEIGHT=heavy',
      'SERVICE_99999_NAME=nothing',
      'SERVICE_=',
    ]);
    await until('garbage in Consul', () => isInConsul('garbage'));
    // The Engine passes the lines of a container on in its own time.
    const said = await until('all complaints', async () => {
      const lines = await mentions(container);
      return lines.length >= 4 && lines;
    });
    const page = await fetchPage();
    assert.deepEqual(
      {
        said: said.map((line) => line.replace(`container ${container}`, 'container C')).sort(),
        page: [page.status, page.look.endsWith(' stars'), page.hasDetails],
      },
      {
        said: [
          'E_LABEL container C: SERVICE_: has no key after SERVICE_; write one, such as NAME',
          'E_PORT_RANGE container C: SERVICE_99999_NAME: "99999" is not a port; use a number from 1 to 65535, or a range such as 8000-8010',
          'E_PROTOCOL container C: SERVICE_PROTOCOL: "htpp" is no known protocol, so the proxy detects it; did you mean "http"? use one of http, http2, grpc, grpc-web, https, tls, tcp, udp, redis, mysql, mongo',
          'E_WEIGHT container C: SERVICE_WEIGHT: "heavy" is not a whole number from 1 to 65535; 1 is used',
        ],
        page: [200, true, true],
      },
    );
  });

  it('in the name of a service: a line that says what a name may be', async () => {
    const container = await startLabelled('misnamed', ['SERVICE_NAME=my shop/käse']);
    await until('the registrator to say so', async () => (await mentions(container)).length > 0);
    // It complains before it writes: what it does for a later container comes after both.
    await startLabelled('later', ['SERVICE_NAME=later']);
    await until('a later one in Consul', () => isInConsul('later'));
    const services = Object.keys(await getJson<object>(`${consul}/v1/catalog/services`));
    const said = await mentions(container);
    assert.deepEqual(
      {
        said: said.map((line) => line.replace(`container ${container}`, 'container C')),
        registered: services.filter((name) => /shop|misnamed/.test(name)),
        page: (await fetchPage()).status,
      },
      {
        said: [
          'E_NAME container C: SERVICE_NAME: is not registered: "my shop/käse" is no host name, such as "my-shop-k-se"; ' +
            'set SERVICE_NAME to at most 63 letters, digits and "-", with a letter or digit at both ends',
        ],
        registered: [],
        page: 200,
      },
    );
  });

  it('in a rule: kubectl tells path and reason, and the rule before stays in force', async () => {
    await applyRules('destination-rule-all', 'virtual-service-all-v1');
    const wrong = [
      'route: [{ destination: { host: reviews, subset: v2 }, weight: ninety }]',
      'rout: [{ destination: { host: reviews, subset: v2 } }]',
      '{ timeout: soon, route: [{ destination: { host: reviews, subset: v2 } }] }',
    ];
    const outcomes = [];
    for (const route of wrong) {
      const { code, stderr } = await attemptApply(virtualService(route));
      outcomes.push([code, stderr.trim()]);
    }
    await untilSynced();
    const intro = 'The VirtualService "reviews" is invalid: spec.http[0]';
    assert.deepEqual(
      { outcomes, looks: await countLooks(10) },
      {
        outcomes: [
          [1, `${intro}.route[0].weight: Invalid value: "ninety": must be of type integer`],
          [
            1,
            `${intro}.rout: strict decoding error: unknown field "spec.http[0].rout" (did you mean "route"?)`,
          ],
          [
            1,
            `${intro}.timeout: Invalid value: "soon": must be a duration such as 1.5s, 200ms or 1h`,
          ],
        ],
        looks: { 'no stars': 10 },
      },
    );
  });

  it('in a file of the config store: a line with the place, and the last good content stays in force', async () => {
    await applyRules('destination-rule-all', 'virtual-service-all-v1');
    const file = '/var/lib/composemesh/config/default/virtualservice-reviews.yaml';
    const good = await docker('exec', containerOf('pilot'), 'cat', file);
    const write = (text: string): Promise<string> =>
      run('docker', ['exec', '-i', containerOf('pilot'), 'sh', '-c', `cat >${file}`], {
        input: text,
      });
    const problems = (): Promise<readonly { resource: string; message: string }[]> =>
      getJson(`${pilot}/debug/problems`);
    await write(good.replace('subset: v1', 'subset: [v1'));
    await until('the problem to be shown', async () => (await problems()).length > 0);
    const shown = await problems();
    const before = await countLooks(6);
    await write(good.replace('subset: v1', 'subset: v3'));
    await until('the problem to go', async () => (await problems()).length === 0);
    await untilSynced();
    const after = await countLooks(6);
    const said = await complaintsOf(containerOf('pilot'));
    assert.deepEqual(
      {
        places: shown.map(({ resource }) => resource.replace(/:\d+:\d+$/, ':line:column')),
        keeps: shown.map(({ message }) =>
          message.endsWith('the last good content of the file stays in force'),
        ),
        said: said.filter((line) => line.includes('virtualservice-reviews.yaml')).length,
        before,
        after,
      },
      {
        places: ['default/virtualservice-reviews.yaml:line:column'],
        keeps: [true],
        said: 1,
        before: { 'no stars': 6 },
        after: { 'red stars': 6 },
      },
    );
  });
});

describe('a control plane whose Consul is not there yet', () => {
  const bench = new DockerBench();
  after(() => bench.close());

  it('says so once, tries again, and works when Consul comes', async () => {
    const network = await bench.network('early');
    const own = ['--network', network, '--cap-drop', 'ALL'];
    const socket = process.env['DOCKER_SOCKET'] ?? '/var/run/docker.sock';
    const early = await bench.start(
      'early-pilot',
      ...[...own, controlPlane, 'pilot', '--registry', 'consul://consul:8500'],
    );
    const registrator = await bench.start(
      'early-registrator',
      ...[...own, '--user', 'root', '--volume', `${socket}:/tmp/docker.sock`, controlPlane],
      ...['registrator', '-internal', '-network', network],
      ...['-retry-attempts', '-1', '-retry-interval', '500', 'consul://consul:8500'],
    );
    const isReady = async (): Promise<string> =>
      docker(
        ...['exec', early, 'node', '-e'],
        "fetch('http://127.0.0.1:8080/readyz').then((r) => console.log(r.status), () => console.log('none'))",
      );
    const both = [early, registrator];
    const complaints = (): Promise<(readonly string[])[]> => Promise.all(both.map(complaintsOf));
    await until('both to say so', async () =>
      (await complaints()).every((said) => said.length > 0),
    );
    const before = await isReady();
    await bench.start(
      'late-consul',
      ...['--network', network, '--network-alias', 'consul', '--tmpfs', '/consul/data'],
      ...['hashicorp/consul:1.19', 'agent', '-server', '-bootstrap-expect=1'],
      ...['-data-dir=/tmp/consul', '-bind=127.0.0.1', '-client=0.0.0.0', '-log-level=warn'],
    );
    await until('pilot to be ready', async () => (await isReady()) === '200', 60_000);
    await until(
      'the registrator to register',
      async () =>
        (await logLines(registrator)).some(({ msg }) =>
          msg.startsWith('registering the containers'),
        ),
      60_000,
    );
    const restarts = await docker('inspect', '-f', '{{.RestartCount}}', ...both);
    // Docker asks the name servers of the machine about names that it does not know: they may be away.
    const said = (await complaints()).map((all) =>
      all.map((line) => line.replace('getaddrinfo EAI_AGAIN', 'getaddrinfo ENOTFOUND')),
    );
    assert.deepEqual(
      { before, said, restarts: lines(restarts) },
      {
        before: '503',
        said: [
          [
            'Consul does not answer: the services known so far stay in force, trying again. ' +
              'Check that Consul runs and that --registry names its address',
          ],
          ['cannot reach Consul at http://consul:8500: getaddrinfo ENOTFOUND consul; trying again'],
        ],
        restarts: ['0', '0'],
      },
    );
  });
});
