import type { Outcome } from '../../kit/http-outcome.ts';
import type { FilePlace } from '../files/rule-files.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import type { TestRequest } from '../mesh/observation.ts';

/** What a mesh does with a request, and because of what: `cmesh explain --json` prints it. */
export interface Explanation {
  readonly request: TestRequest;
  readonly from: Caller;
  /** Of the caller's proxy: who takes the connection. Absent when nobody does. */
  readonly listener?: string;
  /** Absent for a byte stream. */
  readonly routes?: { readonly table: string; readonly virtualHost: string };
  /** Absent when no rule of the user is about the request, or it came to none. */
  readonly rule?: ExplainedRule;
  /** Matches of the same VirtualService that stand before, and what the request lacks for each. */
  readonly passed: readonly ExplainedRule[];
  /** What the rule does besides: timeouts, retries, faults, copies, changes of headers. */
  readonly actions: readonly string[];
  /** Where such requests go; several where a rule shares them out. */
  readonly targets: readonly ExplainedTarget[];
  /** What became of the one that was sent. */
  readonly result: ExplainedResult;
  /** What the running mesh says of the caller's sidecar. */
  readonly live?: LiveStatus;
}

export interface ExplainedRule {
  /** Such as `VirtualService default/reviews`. */
  readonly object: string;
  readonly path: string;
  readonly name?: string;
  readonly place?: FilePlace;
  /** Of the rule: conditions that are met; of one before it: those that are not. */
  readonly because: readonly string[];
}

export interface ExplainedTarget {
  readonly cluster: string;
  /** Percent of the requests. */
  readonly share: number;
  /** Whether the one that was sent went there. */
  readonly taken: boolean;
  readonly destinationRule?: {
    readonly object: string;
    readonly subset?: string;
    readonly place?: FilePlace;
  };
  readonly policies: readonly string[];
  readonly endpoints: readonly ExplainedEndpoint[];
}

export interface ExplainedEndpoint {
  readonly workload: string;
  /** ADDRESS:PORT; absent where only a stand-in listens. */
  readonly address?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ExplainedResult {
  readonly outcome: Outcome;
  /** How often it was sent to some endpoint. */
  readonly attempts: number;
  /** Envoy's words for what went wrong. */
  readonly flags: readonly string[];
  readonly details?: string;
  /** Workload that answered. */
  readonly answeredBy?: string;
}

export interface LiveStatus {
  /** Whether the sidecar has acknowledged all that pilot wants it to have. */
  readonly synced: boolean;
  /** What there is to say of it, in sentences. */
  readonly remarks: readonly string[];
}
