import type { Outcome } from '../../kit/http-outcome.ts';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';

/** A request as somebody in the mesh would make it. */
export interface TestRequest {
  readonly method: string;
  /** `http://reviews:9080/reviews/0`, or `tcp://db:3306` for a connection that carries no HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** All that was seen of one request: by the caller, by the proxy of the caller, and by those who got it. */
export interface Observation {
  readonly requestId: string;
  readonly outcome: Outcome;
  /** What the caller's proxy wrote; absent when the request never came to it. */
  readonly log?: AccessLogEntry;
  /** In the order of their coming, retries and mirrored copies included. */
  readonly arrivals: readonly Arrival[];
}

/** A request that came to a backend. */
export interface Arrival {
  readonly service: string;
  readonly workload: string;
  readonly version?: string;
  /** Port of the service. */
  readonly port: number;
  /** A copy whose answer nobody waits for: Envoy marks its authority with -shadow. */
  readonly mirrored: boolean;
  /** Absent of a byte stream. */
  readonly request?: ArrivedRequest;
}

export interface ArrivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** As for an answer; only where the backend is ours. */
  readonly headers?: Readonly<Record<string, string>>;
}
