import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeError } from '../kit/errors.ts';
import { formatProblem } from '../kit/problem.ts';
import { onTermination } from '../kit/termination.ts';
import { provideEnvoy } from '../toolchain/envoy.ts';
import { type LocalConfig, type LocalFlags, parseFlags, selectServices } from './config.ts';
import { makeConfigFolder } from './config-folder.ts';
import { isFree } from './loopback.ts';
import { LocalMesh } from './mesh.ts';
import { type MeshFile, readMeshFile } from './mesh-file.ts';
import { summarize } from './summary.ts';
import { type Terminal, createTerminal } from './terminal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How long the parts of a mesh may take before the table is printed without them (ms). */
const readyLimit = 20_000;

/**
 * `cmesh local FILE`: runs a mesh on this machine until a signal. Exit codes: 0 ended by a signal, 1 cannot start,
 * 2 a flag or the file is wrong.
 */
export async function runLocal(path: string, flags: LocalFlags, env: Environment): Promise<number> {
  const parsed = parseFlags(flags, env['CONSUL_HTTP_TOKEN']);
  if (!parsed.ok) return refuse(parsed.messages);
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    return refuse([
      `cannot read the mesh file: ${describeError(error)}; docs/local.md says how to write one`,
    ]);
  }
  const read = readMeshFile(path, source);
  if (!read.ok) return refuse(read.problems.map(formatProblem));
  const selected = selectServices(read.file, flags.only, parsed.config.port);
  if (!selected.ok) return refuse(selected.messages);
  return runMesh({ path: resolve(path), file: selected.file, config: parsed.config, flags, env });
}

function refuse(messages: readonly string[]): number {
  process.stderr.write(messages.map((message) => `cmesh local: ${message}\n`).join(''));
  return 2;
}

interface Run {
  readonly path: string;
  readonly file: MeshFile;
  readonly config: LocalConfig;
  readonly flags: LocalFlags;
  readonly env: Environment;
}

async function runMesh(run: Run): Promise<number> {
  const { file, config, flags } = run;
  const termination = onTermination();
  const terminal = terminalFor(run);
  const taken = await findTaken(file, config);
  if (taken.length > 0) {
    for (const message of taken) terminal.trouble('cmesh local', message);
    await termination.close();
    return 1;
  }
  const logs = await mkdtemp(join(tmpdir(), 'composemesh-local-'));
  try {
    const mesh = await Promise.race([startMesh(run, terminal, logs), aborted(termination.signal)]);
    // What is half started cannot be closed, so this process ends, and the guardian what it has started.
    if (mesh === undefined) {
      await rm(logs, { recursive: true, force: true });
      process.exit(0);
    }
    try {
      await announce(mesh, run, terminal, termination.signal);
      await aborted(termination.signal);
      if (flags.json !== true) terminal.step('stopping');
    } finally {
      await mesh.close();
    }
    await rm(logs, { recursive: true, force: true });
    return 0;
  } catch (error) {
    terminal.trouble('cmesh local', describeError(error));
    terminal.step(`logs are in ${logs}`);
    return 1;
  } finally {
    await termination.close();
  }
}

async function startMesh(run: Run, terminal: Terminal, logs: string): Promise<LocalMesh> {
  const { path, file, config, flags, env } = run;
  const { registry, http, tracing } = config;
  const folder = resolve(flags.config);
  const written = await makeConfigFolder(folder, file);
  if (written !== undefined) terminal.step(`made ${flags.config} for your rules`);
  return LocalMesh.start({
    file,
    path,
    http,
    config: folder,
    logs,
    registry,
    ...(tracing === undefined ? {} : { tracing }),
    envoy: () =>
      provideEnvoy({
        env,
        onProgress: (message, share) => {
          if (share === undefined) terminal.step(`Envoy: ${message}`);
          else terminal.progress(message, share);
        },
      }),
    ownAddresses: flags.ownAddresses,
    env,
    terminal,
    verbose: flags.verbose === true,
  });
}

/** Says what there is as soon as it serves: as a table, or as one JSON object on standard output. */
async function announce(
  mesh: LocalMesh,
  { file, flags }: Run,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const late = await Promise.race([mesh.whenReady(readyLimit), aborted(signal)]);
  if (late === undefined) return;
  for (const name of late) {
    terminal.trouble(name, 'does not serve yet; the rest of the mesh goes on without it');
  }
  if (late.length === 0) terminal.step('every service is up');
  const { view } = mesh;
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(view)}\n` : summarize(view, file, process.cwd()),
  );
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((done) => {
    const end = (): void => {
      done(undefined);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** The ports that people know and that nobody else may have, before anything is started. */
async function findTaken(file: MeshFile, { http }: LocalConfig): Promise<readonly string[]> {
  const messages: string[] = [];
  for (const [index, { bind, port, service }] of file.ingress.entries()) {
    if (await isFree(bind, port)) continue;
    const remedy = index === 0 ? 'choose another with --port N' : 'change it in the mesh file';
    messages.push(
      `port ${port} of ${bind}, for ${service}, is in use by another program; end that, or ${remedy}`,
    );
  }
  if (!(await isFree(http.host, http.port))) {
    const who = await whoServes(http.port);
    messages.push(
      `port ${http.port} of ${http.host}, for the configuration API, is in use by ${who}; end that, or choose another with --http N`,
    );
  }
  return messages;
}

/** Another mesh can be asked who it is. */
async function whoServes(port: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(500);
    const response = await fetch(`http://127.0.0.1:${port}/debug/local`, { signal });
    const { pid, file } = (await response.json()) as Readonly<Record<string, unknown>>;
    if (typeof pid === 'number' && typeof file === 'string') {
      return `the mesh of ${file} (process ${pid})`;
    }
  } catch {
    // No mesh of ours.
  }
  return 'another program';
}

function terminalFor({ flags, env }: Run): Terminal {
  const { stderr } = process;
  return createTerminal({
    write: (text) => stderr.write(text),
    color: stderr.isTTY && env['NO_COLOR'] === undefined,
    redraw: stderr.isTTY,
    quiet: flags.json === true,
    elapsed: () => performance.now(),
  });
}
