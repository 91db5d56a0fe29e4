import type { Outcome } from '../../kit/http-outcome.ts';

/**
 * What the probe in a sidecar's container reads and writes, one JSON object a line: requests that are to be sent as the
 * application of the workload would send them, and what came of each.
 */
export interface ProbeRequest {
  readonly id: string;
  readonly method: string;
  /** http://HOST:PORT/PATH, or tcp://HOST:PORT for a connection that carries no HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface ProbeAnswer {
  readonly id: string;
  readonly outcome: Outcome;
}

/** Where the probe lies in the image of the sidecar. */
export const probePath = '/app/dist/sidecar/probe.js';
/** A user id that the capture rules do not take for the proxy's. */
export const probeUser = '65534:65534';
