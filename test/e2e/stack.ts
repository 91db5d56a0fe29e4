/**
 * The stack of compose.yaml on its default ports, as somebody has it who follows README.md. The first suite that
 * needs it starts it, all others use the same one, and it comes down at the end of the run, whatever failed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeError } from '../../kit/errors.ts';
import { until } from '../support/until.ts';
import { attempt, run, type CommandOptions, type Outcome } from './command.ts';
import { docker, logsOf } from './docker.ts';
import { fetchPage, type Page } from './bookinfo.ts';

export const project = 'composemesh';
export const pilot = 'http://localhost:8080';
export const consul = 'http://localhost:8500';
export const zipkin = 'http://localhost:9411';

/** How the start of the stack went. */
export interface Start {
  readonly seconds: number;
  /** The page as it was when `docker compose up --wait` had ended. */
  readonly page: Page;
  /** Containers that Docker had to start again meanwhile. */
  readonly restarted: readonly string[];
}

/** What the containers of the project hold on the Engine. */
export interface Holdings {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

const plain = { COMPOSE_ANSI: 'never', COMPOSE_PROGRESS: 'plain', COMPOSEMESH_BIND: undefined };

/** `docker compose ARGS` in the repository's folder; returns what it printed. Throws with all that it said. */
export function compose(...args: readonly string[]): Promise<string> {
  return run('docker', ['compose', ...args], { env: plain });
}

/** The same with the exit code as a value. */
export function attemptCompose(...args: readonly string[]): Promise<Outcome> {
  return attempt('docker', ['compose', ...args], { env: plain });
}

/** Runs a command in the container of a service; returns what it printed. */
export function exec(service: string, ...command: readonly string[]): Promise<string> {
  return docker('exec', containerOf(service), ...command);
}

/** The container that Compose makes for a service. */
export function containerOf(service: string): string {
  return `${project}-${service}-1`;
}

let home: string | undefined;

/** What stock kubectl needs to be run as README.md does: a home without a kubeconfig. */
export async function kubectlOptions(input?: string): Promise<CommandOptions> {
  home ??= await mkdtemp(join(tmpdir(), 'composemesh-home-'));
  const env = { HOME: home, KUBECONFIG: undefined };
  return input === undefined ? { env } : { env, input };
}

/** `kubectl ARGS`; returns what it printed. Throws with all that it said. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return run('kubectl', args, await kubectlOptions());
}

/** `kubectl apply -f -` with `yaml`; the exit code is a value. */
export async function attemptApply(yaml: string): Promise<Outcome> {
  return attempt('kubectl', ['apply', '-f', '-'], await kubectlOptions(yaml));
}

/** Applies rules of Bookinfo by the names of their files, and waits until they are in force. */
export async function applyRules(...names: readonly string[]): Promise<void> {
  const files = names.flatMap((name) => ['-f', `samples/bookinfo/networking/${name}.yaml`]);
  await kubectl('apply', ...files);
  await untilSynced();
}

/** Takes all rules away and waits until that is in force. */
export async function resetRules(): Promise<void> {
  await kubectl('delete', 'virtualservices,destinationrules', '--all');
  await untilSynced();
}

/** The JSON that `url` answers with. Throws on any status but 200. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}

interface Rule {
  readonly namespace: string;
  readonly name: string;
  readonly spec: object;
}

interface StoredRules {
  readonly items: readonly { readonly metadata: Rule; readonly spec: object }[];
}

interface ConnectedProxy {
  readonly node: { readonly text: string };
  readonly synced: boolean;
}

/**
 * Waits until every sidecar is connected and has acknowledged what follows from all rules that are stored. pilot
 * publishes a mesh in the step that makes it, so the rules of /debug/rules are those that were sent.
 */
export async function untilSynced(): Promise<void> {
  const sidecars = await runningSidecars();
  await untilOnStack('all proxies to have the rules', async () => {
    const [stored, current] = await Promise.all([storedRules(), currentRules()]);
    if (!isDeepStrictEqual(stored, current)) return false;
    const proxies = await getJson<readonly ConnectedProxy[]>(`${pilot}/debug/proxies`);
    return proxies.length === sidecars.length && proxies.every(({ synced }) => synced);
  });
}

/** Waits until pilot has so many endpoints of a service, and all proxies have them. */
export async function untilServed(service: string, count: number): Promise<void> {
  await untilOnStack(`${count} endpoints of ${service}`, async () => {
    const all = await getJson<Readonly<Record<string, readonly unknown[]>>>(
      `${pilot}/debug/endpoints`,
    );
    return (all[`${service}.service.consul`] ?? []).length === count;
  });
  await untilSynced();
}

/** Waits until the applications of these services have printed that they listen: till then they refuse calls. */
export async function untilListening(services: readonly string[]): Promise<void> {
  for (const service of services) {
    await untilOnStack(`${service} to listen`, async () =>
      (await logsOf(containerOf(service))).includes('listening'),
    );
  }
}

/** Waits until the application of `service` gets a virtual address for each of these names. */
export async function untilNamed(service: string, wanted: readonly string[]): Promise<void> {
  const script = `
    const { lookup } = require('dns').promises;
    const seek = (name) => lookup(name, 4).then(({ address }) => address, () => 'none');
    Promise.all(process.argv.slice(1).map(seek)).then((all) => console.log(all.join(' ')));`;
  await untilOnStack(`${service} to know ${wanted.join(', ')}`, async () => {
    const found = await exec(service, 'node', '-e', script, ...wanted);
    return found.split(' ').every((address) => address.startsWith('240.240.'));
  });
}

/** Waits for something of the stack; a wait in vain ends with what its containers say. */
async function untilOnStack(what: string, ask: () => Promise<boolean>): Promise<void> {
  try {
    await until(what, ask, 30_000);
  } catch (error) {
    throw new Error(`${describeError(error)}\n${await explain()}`, { cause: error });
  }
}

async function storedRules(): Promise<ReadonlyMap<string, object>> {
  const api = `${pilot}/apis/networking.istio.io/v1`;
  const lists = await Promise.all([
    getJson<StoredRules>(`${api}/virtualservices`),
    getJson<StoredRules>(`${api}/destinationrules`),
  ]);
  return byKey(
    lists.flatMap(({ items }) => items.map(({ metadata, spec }) => ({ ...metadata, spec }))),
  );
}

async function currentRules(): Promise<ReadonlyMap<string, object>> {
  return byKey(await getJson<readonly Rule[]>(`${pilot}/debug/rules`));
}

function byKey(rules: readonly Rule[]): ReadonlyMap<string, object> {
  return new Map(
    rules.map(({ namespace, name, spec }) => {
      const kind = 'host' in spec ? 'DestinationRule' : 'VirtualService';
      return [`${kind}/${namespace}/${name}`, spec];
    }),
  );
}

/** Containers of the project that run a sidecar. */
export async function runningSidecars(): Promise<readonly string[]> {
  return lines(
    await docker('ps', ...ofProject, ...['--filter', 'label=composemesh.role=sidecar', ...names]),
  );
}

/** What Envoy's administration interface in a sidecar's container answers. */
export function askEnvoy(container: string, path: string): Promise<string> {
  const script = `
    exec 3<>/dev/tcp/127.0.0.1/15000
    printf 'GET %s HTTP/1.1\\r\\nhost: admin\\r\\nconnection: close\\r\\n\\r\\n' "$1" >&3
    cat <&3`;
  return docker('exec', container, 'bash', '-c', script, 'ask', path);
}

interface Counters {
  readonly refused: number;
  readonly types: Readonly<Record<string, { readonly rejections: number }>>;
}

/** Every update that an Envoy refused, as pilot counted it and as each Envoy did. */
export async function findRejections(): Promise<readonly string[]> {
  const counters = await getJson<Counters>(`${pilot}/debug/counters`);
  const counted = Object.entries(counters.types)
    .filter(([, { rejections }]) => rejections > 0)
    .map(([type, { rejections }]) => `pilot: ${rejections} rejections of type ${type}`);
  const refused = counters.refused === 0 ? [] : [`pilot: ${counters.refused} streams refused`];
  const sidecars = await runningSidecars();
  const seen = await Promise.all(
    sidecars.map(async (sidecar) => {
      const stats = await askEnvoy(sidecar, '/stats?filter=update_rejected');
      assert.match(stats, /^listener_manager\.lds\.update_rejected: \d+$/m, sidecar);
      return lines(stats)
        .filter((line) => /update_rejected: [1-9]/.test(line))
        .map((line) => `${sidecar}: ${line}`);
    }),
  );
  return [...counted, ...refused, ...seen.flat()];
}

const ofProject = ['--filter', `label=com.docker.compose.project=${project}`];
const names = ['--format', '{{.Names}}'];

/** All that the project holds on the Engine, volumes without a name included. */
export async function findHoldings(): Promise<Holdings> {
  const containers = lines(await docker('ps', '--all', ...ofProject, ...names));
  const mounts = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{"\\n"}}{{end}}{{end}}';
  const networks = await docker('network', 'ls', ...ofProject, '--format', '{{.Name}}');
  const labelled = await docker('volume', 'ls', ...ofProject, '--format', '{{.Name}}');
  const mounted =
    containers.length === 0 ? '' : await docker('inspect', '-f', mounts, ...containers);
  return { containers, networks: lines(networks), volumes: lines(`${labelled}\n${mounted}`) };
}

/** Containers of the project that Docker has started again after they ended. */
async function findRestarted(): Promise<readonly string[]> {
  const { containers } = await findHoldings();
  const counts = await docker('inspect', '-f', '{{.Name}} {{.RestartCount}}', ...containers);
  return lines(counts).filter((line) => !line.endsWith(' 0'));
}

export function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

interface Build {
  readonly context: string;
  readonly dockerfile: string;
}

interface ComposeConfig {
  readonly services: Readonly<Record<string, { readonly image: string; readonly build?: Build }>>;
}

/** Builds the images of the stack from this tree, in the network of the host, for the registries. */
async function buildImages(): Promise<void> {
  const config = JSON.parse(await compose('config', '--format', 'json')) as ComposeConfig;
  const builds = new Map(
    Object.values(config.services).flatMap(({ image, build }) =>
      build === undefined ? [] : [[image, build] as const],
    ),
  );
  for (const [image, { context, dockerfile }] of builds) {
    const options = ['--quiet', '--network', 'host', '--tag', image];
    await run('docker', ['build', ...options, '--file', resolve(context, dockerfile), context], {
      limit: 600_000,
    });
  }
}

class Stack {
  #start: Promise<Start> | undefined;

  /** Starts the stack unless it runs; tells how the start went. */
  up(): Promise<Start> {
    this.#start ??= this.#bringUp();
    return this.#start;
  }

  /** Ends the stack as README.md says; seconds that it took. */
  async down(): Promise<number> {
    const started = performance.now();
    await compose('down');
    this.#start = undefined;
    return (performance.now() - started) / 1000;
  }

  /** Leaves nothing behind, whatever a suite has added to the project. */
  async remove(): Promise<void> {
    this.#start = undefined;
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '3');
  }

  get isUp(): boolean {
    return this.#start !== undefined;
  }

  async #bringUp(): Promise<Start> {
    await buildImages();
    // What a run that was killed has left.
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '3');
    const started = performance.now();
    const { code, stderr } = await attemptCompose('up', '--wait');
    const seconds = (performance.now() - started) / 1000;
    const page = await fetchPage().catch(String);
    if (code === 0 && typeof page !== 'string') {
      return { seconds, page, restarted: await findRestarted() };
    }
    const seen = typeof page === 'string' ? page : `status ${page.status}`;
    throw new Error(`up ended with ${code}, page: ${seen}\n${stderr}\n${await explain()}`);
  }
}

export const stack = new Stack();

/** What the containers that are not well have to say. */
export async function explain(): Promise<string> {
  const state = '{{.Names}}\t{{.Status}}';
  const all = lines(await docker('ps', '--all', ...ofProject, '--format', state));
  const ill = all.filter((line) => !/\tUp [^(]*(\(healthy\))?$/.test(line));
  const names = [...ill.map((line) => line.split('\t')[0] ?? ''), containerOf('pilot')];
  const reports = names.map(async (name) => {
    const { stdout, stderr } = await attempt('docker', ['logs', '--tail', '20', name]);
    return `--- ${name}\n${stdout}${stderr}`;
  });
  return `${ill.join('\n')}\n${(await Promise.all(reports)).join('')}`;
}

/**
 * A suite on the running stack. It begins without rules and ends with a look at every Envoy; after a failure
 * the containers that are not well say why.
 */
export function onStack(title: string, body: () => void): void {
  describe(title, () => {
    before('the stack runs, without rules', async function () {
      this.timeout(900_000);
      await stack.up();
      await resetRules();
    });

    afterEach('containers that are not well', async function () {
      if (this.currentTest?.state === 'failed') process.stdout.write(await explain());
    });

    body();

    it('ends with no update refused by any Envoy', async () => {
      assert.deepEqual(await findRejections(), []);
    });
  });
}

after('the stack comes down', async function () {
  this.timeout(60_000);
  if (stack.isUp) await stack.remove();
  if (home !== undefined) await rm(home, { recursive: true });
});
