/** Removes what registrators that have vanished left on our agent, at the times of a cron expression. */
import { systemClock } from '../kit/clock.ts';
import type { ConsulClient } from '../kit/consul-client.ts';
import { describeError } from '../kit/errors.ts';
import type { Closer } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import { Presence } from './consul/presence.ts';
import type { Registry } from './consul/registry.ts';
import { startCron, type CronTimes } from './cron.ts';

export interface CleanupOptions {
  readonly times: CronTimes;
  /** How long a registrator is not heard of until its services count as left over (ms). */
  readonly after: number;
  readonly owner: string;
  readonly client: ConsulClient;
  readonly registry: Registry;
  readonly log: Log;
}

/** How often we say that we are alive (ms), at most. */
const maxBeatInterval = 60_000;

/** Starts it. Failures are logged, once for each reason, and tried again at the next time. */
export function startCleanup(options: CleanupOptions): Closer {
  const { times, after, owner, client, log } = options;
  const presence = new Presence({ client, owner, clock: systemClock, vanishedAfter: after });
  let shown = '';
  const end = new AbortController();
  const hasEnded = (): boolean => end.signal.aborted;
  let work = Promise.resolve();
  // One at a time: a cleanup goes by what the beat before it saw.
  const enqueue = (job: () => Promise<void>): void => {
    work = work.then(async () => {
      if (hasEnded()) return;
      try {
        await job();
        shown = '';
      } catch (error) {
        const reason = describeError(error);
        if (!hasEnded() && reason !== shown) {
          log.warn({}, `cleaning up: ${reason}; trying again`);
        }
        shown = reason;
      }
    });
  };
  enqueue(presence.beat);
  const timer = setInterval(
    () => {
      enqueue(presence.beat);
    },
    Math.min(maxBeatInterval, after / 3),
  );
  const task = startCron(times, () => {
    enqueue(() => removeLeftovers(presence, options));
  });
  log.info({ next: task.next() }, `cleaning up at "${times.expression}"`);
  return {
    close: async () => {
      end.abort();
      clearInterval(timer);
      await task.close();
      await work;
    },
  };
}

async function removeLeftovers(
  presence: Presence,
  { registry, log }: CleanupOptions,
): Promise<void> {
  const leftovers = await presence.findLeftovers();
  for (const { id, owner } of leftovers) {
    await registry.deregister(id);
    log.info({ id, owner }, 'deregistered what a registrator left that is gone');
  }
  for (const owner of new Set(leftovers.map((service) => service.owner))) {
    await presence.forget(owner);
  }
}
