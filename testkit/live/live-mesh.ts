import type { Outcome } from '../../kit/http-outcome.ts';
import { randomUUID } from 'node:crypto';
import { OperationError } from '../../kit/errors.ts';
import { type Closer, Lifecycle, delay } from '../../kit/lifecycle.ts';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import type { LiveLog } from './live-log.ts';
import { type LiveWorkload, findLiveWorkload } from './live-workload.ts';
import type { CallPlan, Caller, PreparedMesh } from '../mesh/mesh-under-test.ts';
import type { Arrival, Observation, TestRequest } from '../mesh/observation.ts';

/** Where a mesh runs: how to send requests from its workloads, and how to read the logs of their sidecars. */
export interface LiveSite extends Closer {
  readonly log: LiveLog;
  /** Sends a request from where the workload is, so that its own sidecar takes it. */
  readonly send: (
    workload: LiveWorkload,
    request: TestRequest,
    timeout: number,
  ) => Promise<Outcome>;
  /** Brings the log up to date. */
  readonly readLogs: () => Promise<void>;
}

/** How long entries of the sidecars' logs may be on their way (ms): Envoy writes them out once a second. */
const logLimit = 5000;
const look = 25;

/**
 * A mesh that runs, with anyone's applications. Nothing in it is changed: requests are sent as the application of a
 * workload would send them, and what became of them is read from the access logs, by their request ids. Request
 * headers at the destination cannot be seen there, and no behaviour can be asked of its applications.
 */
export class LiveMesh implements PreparedMesh {
  readonly backends = 'foreign';
  /** Each waits for the log of a sidecar, and does nothing meanwhile. */
  readonly concurrency = 200;
  /** Those of the rules are pilot's business, which has told them. */
  readonly problems = [];
  readonly #lifecycle = new Lifecycle();
  readonly #site: LiveSite;
  readonly workloads: readonly LiveWorkload[];

  constructor(site: LiveSite, workloads: readonly LiveWorkload[]) {
    this.#site = this.#lifecycle.add(site);
    this.workloads = workloads;
  }

  /**
   * Throws OperationError `E_LIVE_CALLER` when no workload of the mesh is the caller, or `E_LIVE_LOG` when its sidecar
   * writes no log.
   */
  async call(caller: Caller, request: TestRequest, plan: CallPlan = {}): Promise<Observation> {
    const workload = findLiveWorkload(caller, this.workloads);
    if (workload === undefined) {
      const names = this.workloads.map(({ name }) => name).join(', ');
      throw new OperationError(
        'E_LIVE_CALLER',
        `the running mesh has no workload ${caller.workload}; it has ${names}`,
      );
    }
    const requestId = request.headers['x-request-id'] ?? randomUUID();
    const headers = { ...request.headers, 'x-request-id': requestId };
    const { log } = this.#site;
    log.expect(requestId);
    try {
      const sent = { ...request, headers };
      const outcome = await this.#site.send(workload, sent, plan.timeout ?? 20_000);
      return await this.#observe(requestId, workload, outcome);
    } finally {
      log.forget(requestId);
    }
  }

  /** It runs already. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  async #observe(
    requestId: string,
    workload: LiveWorkload,
    outcome: Outcome,
  ): Promise<Observation> {
    const deadline = Date.now() + logLimit;
    let seen = readEntries(this.#site.log, requestId, workload, this.workloads);
    while (!isComplete(seen) && Date.now() < deadline) {
      await delay(look);
      await this.#site.readLogs();
      seen = readEntries(this.#site.log, requestId, workload, this.workloads);
    }
    if (seen.log === undefined) {
      const text = `the sidecar of ${workload.name} wrote nothing of a request within ${logLimit} ms, so nothing can be said of it`;
      throw new OperationError('E_LIVE_LOG', text);
    }
    return { requestId, outcome, ...seen };
  }
}

interface Seen {
  readonly log?: AccessLogEntry;
  readonly arrivals: readonly Arrival[];
}

/** Sorts the entries of one request: the caller's own, and those of the sidecars that it came to. */
export function readEntries(
  liveLog: Pick<LiveLog, 'entriesOf'>,
  requestId: string,
  caller: LiveWorkload,
  workloads: readonly LiveWorkload[],
): Seen {
  const entries = liveLog.entriesOf(requestId);
  const log = entries.find(
    ({ workload, entry }) => workload === caller.name && !isInbound(entry),
  )?.entry;
  const [, , , hostname] = log?.upstreamCluster?.split('|') ?? [];
  const arrivals = entries.flatMap(({ workload: name, entry }): readonly Arrival[] => {
    const workload = workloads.find((candidate) => candidate.name === name);
    if (workload === undefined || !isInbound(entry)) return [];
    const mirrored = /-shadow(:\d+)?$/.test(entry.authority ?? '');
    // Applications pass request ids on: calls that they make in turn are not the one that was sent.
    const isOwn = hostname?.split('.')[0] === workload.service.split('.')[0];
    if (!mirrored && !isOwn) return [];
    return [toArrival(entry, workload, mirrored)];
  });
  return { ...(log === undefined ? {} : { log }), arrivals };
}

/** Whether all that must come has come: the caller's entry, and one for each try that reached somebody. */
function isComplete({ log, arrivals }: Seen): boolean {
  if (log === undefined) return false;
  const expected = log.flags.some((flag) => unreached.has(flag)) ? 0 : log.attempts;
  return arrivals.filter(({ mirrored }) => !mirrored).length >= expected;
}

/** Flags of requests of which not every try has come to somebody (Envoy's response flags). */
const unreached: ReadonlySet<string> = new Set(['UF', 'UC', 'UT', 'UH', 'UO', 'NC', 'URX', 'LH']);

function isInbound({ upstreamCluster = '', routeName }: AccessLogEntry): boolean {
  return /^[Ii]nbound/.test(upstreamCluster) || routeName?.startsWith('inbound') === true;
}

function toArrival(entry: AccessLogEntry, workload: LiveWorkload, mirrored: boolean): Arrival {
  const { service, version, name, places } = workload;
  const { method, path, authority = '' } = entry;
  return {
    service,
    workload: name,
    ...(version === undefined ? {} : { version }),
    port: places[0]?.port ?? 0,
    mirrored,
    ...(method === undefined || path === undefined
      ? {}
      : {
          request: { method, path, authority: authority.replace(/-shadow(?=:\d+$|$)/, '') },
        }),
  };
}
