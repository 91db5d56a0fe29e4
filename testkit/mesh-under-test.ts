import type { Closer } from '../kit/lifecycle.ts';
import type { Problem } from '../kit/problem.ts';
import type { ResourceSet } from '../pilot/api/resource.ts';
import type { Arrival, Observation, TestRequest } from './observation.ts';
import type { Behaviour } from './backend.ts';
import type { TestService } from './service.ts';

/** Who calls: a workload of one of the services, or one that serves nothing itself. */
export interface Caller {
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CallPlan {
  /**
   * What a backend does with this request, by how often this one has come to it before; undefined: it answers with
   * 200. Only where the backends are ours.
   */
  readonly behaviourOf?: (arrival: Arrival, earlier: number) => Behaviour | undefined;
  /** Milliseconds after which the caller gives up. Default 20,000. */
  readonly timeout?: number;
}

/** A mesh in which requests can be tried: one made for the purpose, or one that runs. */
export interface MeshUnderTest extends Closer {
  /** Sends one request as `caller`, and says all that was seen of it. */
  readonly call: (caller: Caller, request: TestRequest, plan?: CallPlan) => Promise<Observation>;
}

/** A mesh with rules in force, as cases are tried in it. */
export interface TriedMesh extends MeshUnderTest {
  /** Has everything ready for these callers. */
  readonly prepare: (callers: readonly Caller[]) => Promise<void>;
  /** What is wrong with the rules in this mesh. */
  readonly problems: readonly Problem[];
  /** How many requests may be on their way at the same time. */
  readonly concurrency: number;
  /** Set where the backends are not ours, and do as they like. */
  readonly foreignBackends?: true;
}

/** Gives meshes in which services and rules are as cases want them. */
export interface MeshSource extends Closer {
  /** Lends a mesh; `action` has it for itself. */
  lend<T>(
    services: readonly TestService[],
    rules: ResourceSet,
    action: (mesh: TriedMesh) => Promise<T>,
  ): Promise<T>;
  /** A mesh that nobody has used, for rules that remember; its taker ends it. */
  start(services: readonly TestService[], rules: ResourceSet): Promise<TriedMesh>;
  end(mesh: TriedMesh): Promise<void>;
}
