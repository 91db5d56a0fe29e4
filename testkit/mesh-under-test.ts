import type { Closer } from '../kit/lifecycle.ts';
import type { Arrival, Observation, TestRequest } from './observation.ts';
import type { Behaviour } from './backend.ts';

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
