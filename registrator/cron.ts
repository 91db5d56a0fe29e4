/** Cron expressions of the command line, with the time zone they are meant in. */
import { schedule, validate } from 'node-cron';
import type { Closer } from '../kit/lifecycle.ts';

export interface CronTimes {
  /** Five fields, or six with seconds first. */
  readonly expression: string;
  /** A name of the IANA database; absent: the zone of the process (TZ). */
  readonly zone?: string;
}

const example = 'write one such as "*/5 * * * *" or "TZ=Europe/Berlin 0 3 * * *"';

/** How many values each field can have, from the right: weekday, month, day, hour, minute, second. */
const fieldSizes = [7, 12, 31, 24, 60, 60];

/**
 * Reads an expression, after `TZ=<zone>` or `CRON_TZ=<zone>` if it is not meant in the zone of the process.
 * Returns what is wrong with it as a text.
 */
export function parseCron(text: string): CronTimes | string {
  const [, zone, expression = ''] = /^(?:(?:CRON_)?TZ=(\S*)\s+)?(.*)$/s.exec(text.trim()) ?? [];
  if (zone !== undefined && !isZone(zone)) {
    return `"${zone}" is no time zone; write one such as Europe/Berlin or UTC`;
  }
  if (!validate(expression)) return `"${text}" is no cron expression; ${example}`;
  const step = findWideStep(expression);
  if (step !== undefined) return `"${text}": no field has ${step} values to step over; ${example}`;
  return { expression, ...(zone === undefined ? {} : { zone }) };
}

/** Runs `action` at these times, until it is closed. */
export function startCron({ expression, zone }: CronTimes, action: () => void): CronTask {
  const task = schedule(expression, action, {
    noOverlap: true,
    ...(zone === undefined ? {} : { timezone: zone }),
  });
  return {
    next: () => task.getNextRun() ?? undefined,
    close: async () => {
      await task.destroy();
    },
  };
}

export interface CronTask extends Closer {
  /** When it runs next. */
  readonly next: () => Date | undefined;
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** node-cron takes a step that is wider than its field, and then runs once a round. */
function findWideStep(expression: string): string | undefined {
  return expression
    .trim()
    .split(/\s+/)
    .reverse()
    .flatMap((field, index) =>
      [...field.matchAll(/\/(\d+)/g)].map(([, step = '']) => ({
        step,
        size: fieldSizes[index] ?? 0,
      })),
    )
    .find(({ step, size }) => Number(step) > size || Number(step) === 0)?.step;
}
