/** Whether a workload may get traffic: from the state of its app, its sidecar and its network. */
import type { Health } from '../contract/registration.ts';
import type { Container } from '../docker/container.ts';
import { isStranded, type Workload } from './workload.ts';

/**
 * The first thing that stands in the way of traffic, or passing. `stopping` has the ids of containers that
 * got their stop signal.
 */
export function assessHealth(workload: Workload, stopping: ReadonlySet<string>): Health {
  const { app, owner } = workload;
  const reason =
    refuseContainer(app, stopping) ??
    (owner.id === app.id ? undefined : refuseOwner(owner, stopping)) ??
    refuseStranded(app, owner) ??
    refuseSidecars(workload, stopping) ??
    refuseProbe(app);
  if (reason !== undefined) return { status: 'critical', output: reason };
  const basis = app.health === undefined ? 'is running' : 'is healthy';
  return { status: 'passing', output: `container ${app.name} ${basis}` };
}

function refuseContainer(container: Container, stopping: ReadonlySet<string>): string | undefined {
  if (stopping.has(container.id)) return `container ${container.name} is stopping`;
  if (container.state === 'paused') {
    return `container ${container.name} is paused; run: docker unpause ${container.name}`;
  }
  return undefined;
}

function refuseOwner(owner: Container, stopping: ReadonlySet<string>): string | undefined {
  const reason = refuseContainer(owner, stopping);
  return reason === undefined ? undefined : `the network's owner: ${reason}`;
}

/** Measured on Engine 20.10: the joined container goes on running with nothing but a loopback interface. */
function refuseStranded(joined: Container, owner: Container): string | undefined {
  return isStranded(joined, owner)
    ? `container ${joined.name} lost its network, because ${owner.name} started again after it; ` +
        `run: docker restart ${joined.name}`
    : undefined;
}

function refuseProbe(container: Container): string | undefined {
  const { name, health, healthOutput } = container;
  if (health === undefined || health === 'healthy') return undefined;
  const detail = healthOutput === undefined ? '' : `: ${healthOutput}`;
  return health === 'starting'
    ? `container ${name} is starting: its HEALTHCHECK has not passed yet`
    : `container ${name} is unhealthy${detail}`;
}

/**
 * All traffic of a workload goes through its sidecar, so one sidecar must be able to serve. A pod without
 * any sidecar captures traffic for nobody; it counts as a sidecar that is missing.
 */
function refuseSidecars(workload: Workload, stopping: ReadonlySet<string>): string | undefined {
  const { owner, sidecars } = workload;
  const reasons = sidecars.map((sidecar) => refuseSidecar(sidecar, owner, stopping));
  if (reasons.includes(undefined)) return undefined;
  if (sidecars.length > 0) return reasons.at(-1);
  return owner.role === 'pod'
    ? `pod ${owner.name} has no sidecar, so calls would fail; start the sidecar`
    : undefined;
}

function refuseSidecar(
  sidecar: Container,
  owner: Container,
  stopping: ReadonlySet<string>,
): string | undefined {
  if (sidecar.state === 'stopped') {
    return `sidecar ${sidecar.name} is not running, so calls would fail; run: docker start ${sidecar.name}`;
  }
  const reason =
    refuseContainer(sidecar, stopping) ?? refuseStranded(sidecar, owner) ?? refuseProbe(sidecar);
  return reason === undefined ? undefined : `sidecar: ${reason}`;
}
