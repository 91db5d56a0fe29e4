import { OperationError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import { type LiveOptions, type OpenedMesh, compareRules, openLiveMesh } from './live-open.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { MeshSource, PreparedMesh } from '../mesh/mesh-under-test.ts';
import type { LiveWorkload } from './live-workload.ts';
import { type TestService, type TestWorkload, hostnameOf } from '../mesh/service.ts';

export interface LiveSourceOptions extends LiveOptions {
  /** Goes on although other rules are in force than the cases name. */
  readonly anyRules: boolean;
}

/** The one mesh that runs, for all cases: their verdicts mean something only when their rules are in force there. */
export class LiveSource implements MeshSource, Closer {
  readonly #opened: OpenedMesh;
  readonly #anyRules: boolean;

  private constructor(opened: OpenedMesh, anyRules: boolean) {
    this.#opened = opened;
    this.#anyRules = anyRules;
  }

  /** Throws OperationError `E_PILOT_UNREACHABLE`, `E_LIVE_SERVER` or `E_LIVE_SITE`. */
  static async open(options: LiveSourceOptions): Promise<LiveSource> {
    return new LiveSource(await openLiveMesh(options), options.anyRules);
  }

  /** Throws OperationError `E_LIVE_RULES` when other rules are in force. */
  lend<T>(
    services: readonly TestService[],
    rules: ResourceSet,
    action: (mesh: PreparedMesh) => Promise<T>,
  ): Promise<T> {
    const { mesh, rules: running } = this.#opened;
    const differences = compareRules(rules, running);
    if (differences.length === 0 || this.#anyRules) {
      return action({
        call: (caller, request, plan) => mesh.call(caller, request, plan),
        prepare: () => mesh.prepare(),
        close: () => undefined,
        backends: mesh.backends,
        concurrency: mesh.concurrency,
        problems: [...mesh.problems, ...findMissing(services, mesh.workloads)],
      });
    }
    const text = `the running mesh has other rules than these cases are for:\n  ${differences.join('\n  ')}\nApply theirs (cmesh apply -f, kubectl), or add --any-rules to try the cases all the same`;
    return Promise.reject(new OperationError('E_LIVE_RULES', text));
  }

  /** There is only the one. */
  readonly lendFresh: MeshSource['lend'] = (services, rules, action) =>
    this.lend(services, rules, action);

  close(): Promise<void> {
    return this.#opened.mesh.close();
  }
}

/** Versions that the cases count on and the running mesh has not: what leads there ends in 503. */
function findMissing(
  services: readonly TestService[],
  running: readonly LiveWorkload[],
): readonly Problem[] {
  return services.flatMap((service) => {
    const isRunning = ({ version }: TestWorkload): boolean =>
      running.some(
        (other) =>
          hostnameOf({ name: other.service }) === hostnameOf(service) && other.version === version,
      );
    const missing = service.workloads.filter((workload) => !isRunning(workload));
    if (missing.length === 0) return [];
    const names = missing.map(({ name, version }) => version ?? name).join(', ');
    return [
      {
        code: 'W_LIVE_WORKLOAD',
        severity: 'warning',
        resource: service.name,
        message: `the running mesh has no ${names} of it, which the services of the cases have; what leads there ends in 503. Start it, or try these cases without --live`,
      },
    ];
  });
}
