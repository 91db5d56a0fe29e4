import { OperationError, describeError } from '../kit/errors.ts';
import { exitCodes } from '../kit/exit-code.ts';
import { Lifecycle } from '../kit/lifecycle.ts';
import type { Terminal } from '../kit/terminal.ts';
import type { EnvoyAdmin } from './envoy-admin.ts';
import type { MeshView } from './mesh-view.ts';
import { forwardPort } from './port-forward.ts';
import { type ProxyFlags, openSource } from './proxy-source.ts';

/** A part of a mesh with web pages of its own: its port in its image, and the page that is shown. */
interface Dashboard {
  readonly port: number;
  readonly path: string;
  /** What starts it. */
  readonly advice: string;
}

export const dashboards = {
  zipkin: { port: 9411, path: '/zipkin/', advice: '`docker compose up` starts it' },
  consul: { port: 8500, path: '/ui/', advice: '`docker compose up` starts it' },
  prometheus: {
    port: 9090,
    path: '/',
    advice: 'start one that scrapes /stats/prometheus of the sidecars (port 15090)',
  },
  grafana: {
    port: 3000,
    path: '/',
    advice: 'start one beside a Prometheus that scrapes the sidecars',
  },
} as const satisfies Readonly<Record<string, Dashboard>>;

export type DashboardName = keyof typeof dashboards;

export interface DashboardFlags {
  /** Port on this machine for the pages of an Envoy. */
  readonly port?: string;
  readonly project?: string;
}

export interface DashboardOptions {
  readonly terminal: Terminal;
  /** Opens a page; undefined where there is no browser, or none is wanted. */
  readonly open?: (url: string) => Promise<boolean>;
  /** Aborts when the person wants to end. */
  readonly signal: AbortSignal;
}

/** How long a page may take to answer, in ms. */
const patience = 3000;

/** `cmesh dashboard zipkin` and the like: says where it is, and opens it. Throws OperationError. */
export async function runDashboard(
  name: DashboardName,
  { project }: DashboardFlags,
  { terminal, open }: DashboardOptions,
): Promise<number> {
  const { port, path, advice } = dashboards[name];
  const place = (await findPublished(name, port, project)) ?? `localhost:${port}`;
  const url = `http://${place}${path}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) });
    await response.body?.cancel();
  } catch {
    throw new OperationError('E_DASHBOARD', `no ${name} answers at ${url}: ${advice}`);
  }
  await show(url, terminal, open);
  return exitCodes.done;
}

/**
 * `cmesh dashboard envoy NAME`: the pages of an admin interface. One that this machine cannot reach is brought to a port of it,
 * until `signal` aborts. Throws OperationError.
 */
export async function runEnvoyDashboard(
  name: string | undefined,
  flags: DashboardFlags & ProxyFlags,
  { terminal, open, signal, mesh }: DashboardOptions & { readonly mesh: () => MeshView },
): Promise<number> {
  const port = readPort(flags.port);
  const source = await openSource(name, flags, { mesh, readInput: terminal.readInput });
  const admin = source.admin();
  // Before anything is shown: an address at which no Envoy answers is no page.
  await admin.get('/ready').catch((error: unknown) => {
    if (!describeError(error).includes('503')) throw error;
  });
  if (admin.url !== undefined && port === undefined) {
    await show(admin.url, terminal, open);
    return exitCodes.done;
  }
  await forward(admin, port ?? 0, { terminal, signal, ...(open === undefined ? {} : { open }) });
  return exitCodes.done;
}

async function forward(
  admin: EnvoyAdmin,
  port: number,
  { terminal, open, signal }: DashboardOptions,
): Promise<void> {
  const lifecycle = new Lifecycle();
  const onFault = (text: string): void => {
    terminal.complain(`${text}\n`);
  };
  const own = lifecycle.add(await forwardPort(port, admin.connect, onFault));
  try {
    await show(`http://localhost:${own.port}/`, terminal, open);
    terminal.complain(`It is ${admin.where}. Ctrl-C ends it.\n`);
    await aborted(signal);
  } finally {
    await lifecycle.close();
  }
}

async function show(
  url: string,
  terminal: Terminal,
  open: DashboardOptions['open'],
): Promise<void> {
  terminal.print(`${url}\n`);
  if (open !== undefined && !(await open(url))) terminal.complain('No browser can be started.\n');
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new OperationError('E_USAGE', `--port "${text}" is not a port number`);
}

/** HOST:PORT at which Compose publishes a service of a mesh; undefined where Docker does not answer or has none. */
async function findPublished(
  name: string,
  port: number,
  project: string | undefined,
): Promise<string | undefined> {
  const { default: Docker } = await import('dockerode');
  const label = [
    `com.docker.compose.service=${name}`,
    ...(project === undefined ? [] : [`com.docker.compose.project=${project}`]),
  ];
  const found = await new Docker().listContainers({ filters: { label } }).catch(() => []);
  const published = found
    .flatMap(({ Ports: ports }) => ports)
    .find(({ PrivatePort: inside, PublicPort: outside }) => inside === port && outside > 0);
  if (published === undefined) return undefined;
  const isEverywhere = ['0.0.0.0', '127.0.0.1', '::', ''].includes(published.IP);
  return `${isEverywhere ? 'localhost' : published.IP}:${published.PublicPort}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
