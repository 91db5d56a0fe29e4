import type { Closer } from '../../kit/lifecycle.ts';
import type { Problem } from '../../kit/problem.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { Behaviour } from './backend.ts';
import type { Arrival, Observation, TestRequest } from './observation.ts';
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
  /** Of a mesh that runs: nobody can tell its backends what to do, nor see what copies they get. */
  readonly backends?: 'foreign';
}

/** A mesh with the rules of a case file in force. */
export interface PreparedMesh extends MeshUnderTest {
  /** What is wrong with the rules in this mesh. */
  readonly problems: readonly Problem[];
  /** Makes ready for these callers. */
  readonly prepare: (callers: readonly Caller[]) => Promise<void>;
  /** How many requests may be on their way at the same time. */
  readonly concurrency: number;
}

/** Where the meshes come from that cases are tried in. */
export interface MeshSource {
  /** Lends a mesh with these services and rules in force; `action` has it for itself. */
  readonly lend: <T>(
    services: readonly TestService[],
    rules: ResourceSet,
    action: (mesh: PreparedMesh) => Promise<T>,
  ) => Promise<T>;
  /** The same, with a mesh that nobody has used before: for rules that remember earlier requests. */
  readonly lendFresh: MeshSource['lend'];
}
