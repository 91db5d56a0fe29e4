/**
 * The bug of the mesh that this one follows: with services on one port, a missing or wrong protocol sent all
 * their calls to one of them. Here every service listens on 9080, and each is called by name and by address.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { exec, getJson, onStack, pilot, untilListening, untilNamed, untilServed } from './stack.ts';
import { AddedServices, type WorkloadSketch } from './workloads.ts';

type Speech = 'http' | 'echo' | 'greeting';

interface Case {
  readonly service: string;
  readonly speech: Speech;
  /** What each replica declares; undefined for nothing. */
  readonly declared: readonly (string | undefined)[];
}

const cases: readonly Case[] = [
  { service: 'http-right', speech: 'http', declared: ['http'] },
  { service: 'http-missing', speech: 'http', declared: [undefined] },
  { service: 'http-as-tcp', speech: 'http', declared: ['tcp'] },
  { service: 'http-as-mysql', speech: 'http', declared: ['mysql'] },
  { service: 'http-conflict', speech: 'http', declared: ['http', 'tcp'] },
  { service: 'tcp-right', speech: 'echo', declared: ['tcp'] },
  { service: 'tcp-missing', speech: 'echo', declared: [undefined] },
  { service: 'tcp-as-http', speech: 'echo', declared: ['http'] },
  { service: 'tcp-conflict', speech: 'echo', declared: ['tcp', 'http'] },
  { service: 'greeting-right', speech: 'greeting', declared: ['tcp'] },
  { service: 'greeting-missing', speech: 'greeting', declared: [undefined] },
];

const port = 9080;
const script = fileURLToPath(new URL('protocols/service.ts', import.meta.url));
const common = { volumes: [`${script}:/service.ts:ro`], port };

const workloads = cases.flatMap(({ service, speech, declared }) =>
  declared.map((protocol, index): WorkloadSketch => ({
    ...common,
    name: declared.length === 1 ? service : `${service}-${index + 1}`,
    command: ['node', '/service.ts', service, speech],
    labels: {
      SERVICE_NAME: service,
      ...(protocol === undefined ? {} : { SERVICE_PROTOCOL: protocol }),
    },
  })),
);

const caller: WorkloadSketch = {
  ...common,
  name: 'caller',
  command: ['node', '/service.ts', 'caller', 'http'],
  labels: { SERVICE_NAME: 'caller', SERVICE_PROTOCOL: 'http' },
};

/**
 * Calls each SPEECH,HOST as its speech asks, several times on new connections, and prints the answers, a JSON
 * line each: what was said, once per wording.
 */
const call = `
  const http = require('http'), net = require('net');
  const port = ${port};
  const get = (host) => new Promise((resolve) => {
    const request = http.get({ host, port, path: '/x', agent: false }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data));
      response.on('end', () => resolve(response.statusCode + ' ' + text.trim()));
    });
    request.on('error', (error) => resolve(error.code));
  });
  const talk = (host, say) => new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 15000 }, () => say && socket.write(say));
    socket.on('data', (data) => { resolve(String(data).trim()); socket.destroy(); });
    socket.on('error', (error) => resolve(error.code));
    socket.on('close', () => resolve('closed'));
    socket.on('timeout', () => { resolve('silence'); socket.destroy(); });
  });
  const calls = { http: get, echo: (host) => talk(host, 'hello\\n'), greeting: (host) => talk(host) };
  Promise.all(process.argv.slice(1).map(async (target) => {
    const [speech, host] = target.split(',');
    const answers = await Promise.all(Array.from({ length: 8 }, () => calls[speech](host)));
    return [...new Set(answers)];
  })).then((all) => console.log(JSON.stringify(all)));`;

async function callAll(hostOf: (service: string) => string): Promise<object> {
  const targets = cases.map(({ service, speech }) => `${speech},${hostOf(service)}`);
  const answers = JSON.parse(await exec('caller', 'node', '-e', call, ...targets)) as string[][];
  return Object.fromEntries(cases.map(({ service }, index) => [service, answers[index]]));
}

const expected = Object.fromEntries(
  cases.map(({ service, speech }) => {
    const answers = {
      http: `200 ${service} answers /x`,
      echo: `${service} echoes hello`,
      greeting: `${service} greets`,
    };
    return [service, [answers[speech]]];
  }),
);

interface ServiceView {
  readonly hostname: string;
  readonly address: string;
}

onStack('services of all protocols on one port', () => {
  let added: AddedServices | undefined;
  let addresses: ReadonlyMap<string, string>;

  before(async function () {
    this.timeout(240_000);
    added = await AddedServices.add([...workloads, caller]);
    await untilListening(workloads.map(({ name }) => name));
    for (const { service, declared } of cases) await untilServed(service, declared.length);
    const services = await getJson<readonly ServiceView[]>(`${pilot}/debug/services`);
    addresses = new Map(services.map(({ hostname, address }) => [hostname, address]));
    await untilNamed(
      'caller',
      cases.map(({ service }) => service),
    );
  });

  after(async function () {
    this.timeout(120_000);
    // What could not be started has been removed already, and its failure is the one to see.
    if (added === undefined) return;
    await added.remove();
    for (const { service } of cases) await untilServed(service, 0);
  });

  const addressOf = (service: string): string => addresses.get(`${service}.service.consul`) ?? '';

  it('are each reached by name, whatever is declared', async () => {
    assert.deepEqual(await callAll((service) => service), expected);
  });

  it('are each reached by virtual address', async () => {
    assert.deepEqual(await callAll(addressOf), expected);
  });

  it('have a virtual address of their own each', () => {
    const own = cases.map(({ service }) => addressOf(service));
    assert.deepEqual(
      [new Set(own).size, own.filter((address) => !address.startsWith('240.240.'))],
      [cases.length, []],
    );
  });

  it('cause a problem to be shown where replicas contradict each other, and no other', async () => {
    const problems = await getJson<readonly { code: string; resource: string }[]>(
      `${pilot}/debug/problems`,
    );
    assert.deepEqual(problems.map(({ code, resource }) => `${code} ${resource}`).sort(), [
      'W_PROTOCOL_CONFLICT Consul service http-conflict',
      'W_PROTOCOL_CONFLICT Consul service tcp-conflict',
    ]);
  });
});
