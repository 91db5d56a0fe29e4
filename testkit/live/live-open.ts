import { isDeepStrictEqual } from 'node:util';
import { isInForce } from '../../pilot/api/in-force.ts';
import { formatKey } from '../../pilot/api/kinds.ts';
import type { ConfigResource, ResourceSet } from '../../pilot/api/resource.ts';
import type { PilotAddress } from '../../pilot/client/pilot-address.ts';
import { LiveClient } from './live-client.ts';
import { EmbeddedSite, type EmbeddedView, embeddedWorkloads } from './live-embedded.ts';
import { LiveMesh } from './live-mesh.ts';
import { listWorkloads } from './live-workload.ts';
import { nameOf } from '../files/rule-files.ts';

export interface LiveOptions {
  readonly pilot: PilotAddress;
  /** Compose project, where there are several with a mesh. */
  readonly project?: string;
}

/** A running mesh, and the rules that it has in force. */
export interface OpenedMesh {
  readonly mesh: LiveMesh;
  readonly rules: ResourceSet;
}

/**
 * Opens a running mesh, embedded (`cmesh local`) or of Docker Compose. Throws OperationError `E_PILOT_UNREACHABLE` when no
 * pilot answers, or `E_LIVE_SITE` when its sidecars cannot be found.
 */
export async function openLiveMesh({ pilot, project }: LiveOptions): Promise<OpenedMesh> {
  const client = new LiveClient(pilot);
  const rules = await client.settledRules();
  const view = (await client.view('local')) as EmbeddedView | undefined;
  if (view !== undefined) {
    return { mesh: new LiveMesh(await EmbeddedSite.open(view), embeddedWorkloads(view)), rules };
  }
  const { ComposeSite } = await import('./live-compose.ts');
  const workloads = listWorkloads(await client.services(), await client.endpoints(), rules);
  const site = await ComposeSite.open(workloads, project);
  return { mesh: new LiveMesh(site, workloads), rules };
}

/**
 * How the rules of a running mesh differ from those that cases are written for, one line each; none when they are the
 * same. Services that rules declare count too.
 */
export function compareRules(wanted: ResourceSet, running: ResourceSet): readonly string[] {
  const byKey = (rules: ResourceSet): ReadonlyMap<string, ConfigResource> =>
    new Map(rules.filter(({ kind }) => isInForce(kind)).map((rule) => [formatKey(rule.key), rule]));
  const [own, others] = [byKey(wanted), byKey(running)];
  return [
    ...[...own].flatMap(([key, rule]) => {
      const other = others.get(key);
      if (other === undefined) return [`${nameOf(rule)} is not in force`];
      return isDeepStrictEqual(normalize(rule.spec), normalize(other.spec))
        ? []
        : [`${nameOf(rule)} is in force with another content`];
    }),
    ...[...others].flatMap(([key, rule]) =>
      own.has(key) ? [] : [`${nameOf(rule)} is in force, and not among the rules of the cases`],
    ),
  ];
}

/** Without the traces of where it was read. */
function normalize(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec));
}
