/**
 * Which containers make up one workload: the app, the container that owns its network, and the sidecars in
 * that network.
 */
import type { Problem } from '../../kit/problem.ts';
import {
  compareText,
  type Container,
  type ContainerPort,
  type Observation,
} from '../docker/container.ts';
import { hasSettings } from '../docker/label-grammar.ts';

export interface Workload {
  readonly app: Container;
  /** Has the address and the published ports; the app itself unless it joined another's network. */
  readonly owner: Container;
  readonly sidecars: readonly Container[];
}

export interface Workloads {
  /** Apps that run, with a network; the oldest first. */
  readonly workloads: readonly Workload[];
  /** Ids of what could not be read, and of apps in the network of such a container. */
  readonly unknown: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/**
 * Groups the containers by network namespace. Apps that do not run are left out: they have no instance. With
 * `network`, so are those that are not on it: they are another registrator's.
 */
export function groupWorkloads(observation: Observation, network?: string): Workloads {
  const { containers } = observation;
  const unknown = new Set(observation.unknown);
  const owners = new Map<string, Container>(
    containers.flatMap((container) => [
      [container.id, container] as const,
      [container.name, container] as const,
    ]),
  );
  const sidecars = groupSidecars(containers, owners);
  const workloads: Workload[] = [];
  const problems: Problem[] = [];
  for (const app of [...containers].sort(compareAge).filter(isRunningApp)) {
    const owner = findOwner(app, owners);
    if (owner === undefined && isOwnerUnknown(app, observation.unknown)) {
      unknown.add(app.id);
    } else if (owner !== undefined && !isOnNetwork(owner, network)) {
      continue;
    } else if (owner === undefined || owner.state === 'stopped') {
      problems.push(ownerProblem(app, owner));
    } else {
      const joined = sidecars.get(owner.id) ?? [];
      // One that could not be read may be the sidecar.
      const isOpen = owner.role === 'pod' && joined.length === 0 && observation.unknown.size > 0;
      if (isOpen) unknown.add(app.id);
      else workloads.push({ app, owner, sidecars: joined });
    }
  }
  return { workloads, unknown, problems };
}

/**
 * The ports of the app: what it exposes. An app that says it is a service and exposes none has those of the
 * container whose network it joined, because Docker lets only that one name ports in a Compose file.
 */
export function appPorts({ app, owner }: Workload): readonly ContainerPort[] {
  return app.exposed.length === 0 && hasSettings(app) ? owner.exposed : app.exposed;
}

/** The app is in a network that its owner has left: the owner got a new one when it started again. */
export function isStranded(joined: Container, owner: Container): boolean {
  return (
    joined.id !== owner.id &&
    joined.startedAt !== undefined &&
    owner.startedAt !== undefined &&
    owner.startedAt > joined.startedAt
  );
}

function groupSidecars(
  containers: readonly Container[],
  owners: ReadonlyMap<string, Container>,
): ReadonlyMap<string, readonly Container[]> {
  const groups = new Map<string, Container[]>();
  for (const sidecar of containers.filter(({ role }) => role === 'sidecar')) {
    const owner = findOwner(sidecar, owners);
    if (owner === undefined) continue;
    groups.set(owner.id, [...(groups.get(owner.id) ?? []), sidecar]);
  }
  return groups;
}

function findOwner(
  container: Container,
  owners: ReadonlyMap<string, Container>,
): Container | undefined {
  const { networkMode } = container;
  return networkMode.kind === 'joined' ? owners.get(networkMode.owner) : container;
}

/** A stopped container keeps its networks, without an address. */
function isOnNetwork(owner: Container, network: string | undefined): boolean {
  return network === undefined || owner.networks.some((attached) => attached.network === network);
}

function isOwnerUnknown(app: Container, unknown: ReadonlySet<string>): boolean {
  return app.networkMode.kind === 'joined' && unknown.has(app.networkMode.owner);
}

/** `docker compose run` makes one-off containers: they are nobody's instance. */
function isRunningApp(container: Container): boolean {
  const oneOff = container.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
  return container.role === 'app' && container.state !== 'stopped' && !oneOff;
}

function compareAge(left: Container, right: Container): number {
  return left.createdAt - right.createdAt || compareText(left.id, right.id);
}

function ownerProblem(app: Container, owner: Container | undefined): Problem {
  const gone =
    owner === undefined
      ? 'the container whose network it joined no longer exists; re-create it with that one'
      : `${owner.name}, whose network it joined, is not running; start that, then restart this one`;
  return {
    code: 'E_NETWORK_OWNER',
    severity: 'error',
    resource: `container ${app.name}`,
    message: `is not registered: ${gone}`,
  };
}
