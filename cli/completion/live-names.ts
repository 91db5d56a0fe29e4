import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { MeshView } from '../../inspect/mesh-view.ts';
import type { ProxySync } from '../../pilot/debug/sync-status.ts';
import type { Service } from '../../pilot/model/service.ts';
import {
  type Candidate,
  type Typed,
  askQuietly,
  completeArguments,
  completeOption,
} from './completers.ts';

/** The one argument of a command is a proxy of the mesh that runs, and `-n` the namespace of one. */
export function completeProxies(command: Command): Command {
  completeOption(command, '--namespace', async ({ flags }) => {
    const proxies = await listProxies(flags);
    return { candidates: unique(proxies.map(({ namespace }) => namespace)) };
  });
  return completeOnly(command, proxyNames);
}

/** The one argument of a command is a service of the mesh that runs. */
export function completeServices(command: Command): Command {
  return completeOnly(command, async ({ flags, current }) =>
    serviceNames(await listServices(flags), current),
  );
}

/** The value of an option is the full name of a service of the mesh that runs. */
export function completeHostnames(command: Command, long: string): Command {
  return completeOption(command, long, async ({ flags }) => ({
    candidates: (await listServices(flags)).map(({ hostname }) => ({ value: hostname })),
  }));
}

/** The value of an option calls: a service, SERVICE/VERSION or a workload, of `--services FILE` or of the mesh that runs. */
export function completeCallers(command: Command, long: string): Command {
  return completeOption(command, long, async (typed) => {
    const { services: file } = typed.flags;
    if (typeof file === 'string') return { candidates: await callersOfFile(file) };
    const candidates = [
      ...(await serviceNames(await listServices(typed.flags), typed.current)),
      ...(await proxyNames(typed)),
    ];
    return { candidates };
  });
}

/** The value of an option is one of a few words. */
export function completeWords(command: Command, long: string, words: readonly string[]): Command {
  const candidates = words.map((value) => ({ value }));
  return completeOption(command, long, () => Promise.resolve({ candidates }));
}

function completeOnly(
  command: Command,
  list: (typed: Typed) => Promise<readonly Candidate[]>,
): Command {
  return completeArguments(command, async (typed) => ({
    candidates: typed.words.length === 0 ? await list(typed) : [],
  }));
}

async function proxyNames({ flags, current }: Typed): Promise<readonly Candidate[]> {
  const { workloadOf } = await import('../../inspect/proxy-name.ts');
  const { namespace } = flags;
  const proxies = (await listProxies(flags)).filter(
    (proxy) => typeof namespace !== 'string' || proxy.namespace === namespace,
  );
  const isShared = (name: string): boolean =>
    proxies.filter(({ proxy }) => workloadOf(proxy) === name).length > 1;
  return proxies.flatMap(({ proxy, namespace: own, address, labels }) => {
    const name = workloadOf(proxy);
    const value = current.includes('.') || isShared(name) ? proxy : name;
    const { app, version } = labels;
    const isPair = current.includes('/') && app !== undefined && version !== undefined;
    const description = `${own}, ${address}`;
    return [
      { value, description },
      ...(isPair ? [{ value: `${app}/${version}`, description }] : []),
    ];
  });
}

/** Short, as callers write them, until a full name is begun. */
async function serviceNames(
  services: readonly Service[],
  current: string,
): Promise<readonly Candidate[]> {
  const { callNames } = await import('../../inspect/mesh-facts.ts');
  return services.map((service) => ({
    value: (current.includes('.') ? undefined : callNames(service)[1]) ?? service.hostname,
    description: service.ports
      .map(({ number, protocol = '' }) => `${number} ${protocol}`)
      .join(', '),
  }));
}

async function callersOfFile(path: string): Promise<readonly Candidate[]> {
  const { readMeshFile } = await import('../../local/mesh-file.ts');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return [];
  }
  const read = readMeshFile(path, text);
  if (!read.ok) return [];
  return read.file.services.flatMap(({ name, versions }) => [
    { value: name },
    ...versions.flatMap(({ version }) =>
      version === undefined
        ? []
        : [{ value: `${name}/${version}` }, { value: `${name}-${version}` }],
    ),
  ]);
}

function listProxies(flags: Typed['flags']): Promise<readonly ProxySync[]> {
  return view(flags, (mesh) => mesh.syncs());
}

function listServices(flags: Typed['flags']): Promise<readonly Service[]> {
  return view(flags, (mesh) => mesh.services());
}

function view<T>(
  flags: Typed['flags'],
  read: (mesh: MeshView) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  return askQuietly(flags, async (pilot) => {
    const { viewMesh } = await import('../../inspect/mesh-view.ts');
    return read(viewMesh(pilot));
  });
}

function unique(values: readonly string[]): readonly Candidate[] {
  return [...new Set(values)].map((value) => ({ value }));
}
