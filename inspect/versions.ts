import { OperationError, describeError } from '../kit/errors.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../kit/exit-code.ts';
import type { Terminal } from '../kit/terminal.ts';
import { version } from '../kit/version.ts';
import type { MeshView } from './mesh-view.ts';
import { format } from './proxy-config.ts';
import { formatTable } from './table.ts';

/** The versions of all parts of a mesh that can be asked. */
export interface Versions {
  readonly client: string;
  /** Missing where pilot does not answer, or does not say. */
  readonly pilot?: string;
  /** By container. */
  readonly registrators: readonly { readonly name: string; readonly version: string }[];
  readonly proxies: readonly ProxyVersions[];
}

export interface ProxyVersions {
  readonly proxy: string;
  /** Missing where the proxy does not say. */
  readonly agent?: string;
  /** The program and its version, such as envoy 1.40.0. */
  readonly client?: string;
}

export interface VersionFlags {
  readonly output: string;
  readonly short?: true;
  readonly project?: string;
}

/** Asks pilot, and Docker where it is. Throws OperationError when pilot does not answer. */
export async function collectVersions(mesh: MeshView, project?: string): Promise<Versions> {
  const [pilot, syncs] = await Promise.all([mesh.version(), mesh.syncs()]);
  const { findRegistrators } = await import('./registrator-version.ts');
  const isEmbedded = (await mesh.local()) !== undefined;
  return {
    client: version,
    ...(pilot === undefined ? {} : { pilot }),
    registrators: isEmbedded ? [] : await findRegistrators(project),
    proxies: syncs.map(({ proxy, agentVersion, client }) => ({
      proxy,
      ...(agentVersion === undefined ? {} : { agent: agentVersion }),
      ...(client === undefined ? {} : { client: `${client.name} ${client.version ?? ''}`.trim() }),
    })),
  };
}

/** `cmesh version`. Without a pilot it says its own version, and ends with the exit code for that. */
export async function runVersion(
  { output, short, project }: VersionFlags,
  terminal: Terminal,
  mesh: () => MeshView,
): Promise<ExitCode> {
  if (!['text', 'json', 'yaml'].includes(output)) {
    throw new OperationError('E_USAGE', `-o "${output}" is none of text, json and yaml`);
  }
  let versions: Versions = { client: version, registrators: [], proxies: [] };
  let code: ExitCode = exitCodes.done;
  try {
    versions = await collectVersions(mesh(), project);
  } catch (error) {
    terminal.complain(`cmesh version: ${describeError(error)}\n`);
    code = exitCodeOf(error);
  }
  if (output === 'json' || output === 'yaml') terminal.print(format(versions, output));
  else terminal.print(short === true ? formatShort(versions) : formatVersions(versions));
  for (const warning of findSkew(versions)) {
    terminal.complain(`${terminal.paintComplaint('yellow', 'Warning:')} ${warning}\n`);
  }
  return code;
}

/** The lines of `istioctl version`. */
function formatShort({ client, pilot, registrators, proxies }: Versions): string {
  const counts = countBy(
    proxies.map(({ agent, client: program }) => describeProxy(agent, program)),
  );
  return [
    `client version: ${client}`,
    ...(pilot === undefined ? [] : [`control plane version: ${pilot}`]),
    ...registrators.map((one) => `registrator version: ${one.version} (${one.name})`),
    ...[...counts].map(
      ([text, count]) =>
        `data plane version: ${text} (${count} ${count === 1 ? 'proxy' : 'proxies'})`,
    ),
    '',
  ].join('\n');
}

function formatVersions(versions: Versions): string {
  const { proxies } = versions;
  if (proxies.length === 0) return formatShort(versions);
  const head = formatShort({ ...versions, proxies: [] });
  const rows = proxies.map(({ proxy, agent = '-', client = '-' }) => [proxy, agent, client]);
  return `${head}\n${formatTable({ columns: ['PROXY', 'AGENT', 'PROGRAM'], rows })}`;
}

function describeProxy(agent: string | undefined, program: string | undefined): string {
  return [agent, program].filter((part) => part !== undefined).join(', ') || 'unknown';
}

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What does not fit together: parts whose version differs from pilot's in more than the last number. */
export function findSkew({ client, pilot, registrators, proxies }: Versions): readonly string[] {
  if (pilot === undefined) return [];
  const others = (version: string): boolean => release(version) !== release(pilot);
  const agents = proxies.filter(({ agent }) => agent !== undefined && others(agent));
  const programs = new Set(proxies.flatMap(({ client: program }) => program ?? []));
  return [
    ...(others(client)
      ? [`this cmesh is ${client}, pilot is ${pilot}: use one of pilot's version`]
      : []),
    ...registrators
      .filter((one) => others(one.version))
      .map(
        (one) =>
          `the registrator ${one.name} is ${one.version}, pilot is ${pilot}: start it with pilot's image`,
      ),
    ...(agents.length === 0
      ? []
      : [
          `${agents.map(({ proxy, agent }) => `${proxy} (${agent ?? ''})`).join(', ')} ${agents.length === 1 ? 'has' : 'have'} an agent of another version than pilot (${pilot}): start ${agents.length === 1 ? 'it' : 'them'} with the sidecar image of pilot's version`,
        ]),
    ...(programs.size > 1
      ? [`the proxies run several versions: ${[...programs].sort().join(', ')}`]
      : []),
  ];
}

/** Major and minor: a patch changes nothing that other parts see. */
function release(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
