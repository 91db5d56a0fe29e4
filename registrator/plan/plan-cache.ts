import type { Health } from '../contract/registration.ts';
import type { Container } from '../docker/container.ts';
import type { Workload } from './workload.ts';

interface Entry<T> {
  readonly workload: Workload;
  readonly health: Health;
  readonly plan: T;
}

/**
 * Plans of workloads that are as they were. Reading the settings of a container takes 0.1 ms, and a change of one
 * container must not cost that of a thousand. A container that was read again is another object.
 */
export class PlanCache<T> {
  readonly #entries = new WeakMap<Container, Entry<T>>();

  /** The plan of a workload with this health; `make` makes it if it is not known. */
  get(workload: Workload, health: Health, make: () => T): T {
    const known = this.#entries.get(workload.app);
    if (known !== undefined && isSame(known, workload, health)) return known.plan;
    const plan = make();
    this.#entries.set(workload.app, { workload, health, plan });
    return plan;
  }
}

function isSame(known: Entry<unknown>, workload: Workload, health: Health): boolean {
  const { owner, sidecars } = known.workload;
  return (
    owner === workload.owner &&
    sidecars.length === workload.sidecars.length &&
    sidecars.every((sidecar, index) => sidecar === workload.sidecars[index]) &&
    known.health.status === health.status &&
    known.health.output === health.output
  );
}
