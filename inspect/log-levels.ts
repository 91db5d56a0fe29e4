import { OperationError } from '../kit/errors.ts';
import { findNearest } from '../kit/nearest.ts';
import type { EnvoyAdmin } from './envoy-admin.ts';

const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

/** What is to be changed: of one logger, or of all where it names none. */
export interface LevelChange {
  readonly logger?: string;
  readonly level: string;
}

/**
 * Reads `debug`, `http:debug` or `http:debug,router:trace`, as istioctl takes them. Throws OperationError `E_LOG_LEVEL`.
 */
export function parseLevels(text: string): readonly LevelChange[] {
  return text.split(',').map((part) => {
    const [first = '', second, ...rest] = part.trim().split(':');
    const level = (second ?? first).toLowerCase();
    if (rest.length > 0 || !levels.includes(level)) {
      const nearest = findNearest(level, levels);
      const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
      throw new OperationError(
        'E_LOG_LEVEL',
        `"${part.trim()}" is no level${hint}; write LEVEL or LOGGER:LEVEL, with a level of ${levels.join(', ')}`,
      );
    }
    return second === undefined ? { level } : { logger: first, level };
  });
}

/** The level of every logger, by name. Throws OperationError `E_ENVOY_ADMIN`. */
export async function readLevels(admin: EnvoyAdmin): Promise<ReadonlyMap<string, string>> {
  return readAnswer(await admin.post('/logging'));
}

/**
 * Sets levels, and returns all as they are then. Throws OperationError `E_LOGGER_UNKNOWN` before anything is changed, or
 * `E_ENVOY_ADMIN`.
 */
export async function setLevels(
  admin: EnvoyAdmin,
  changes: readonly LevelChange[],
): Promise<ReadonlyMap<string, string>> {
  let current = await readLevels(admin);
  for (const { logger } of changes) {
    if (logger !== undefined && !current.has(logger)) throw unknownLogger(logger, current);
  }
  for (const { logger, level } of changes) {
    const query =
      logger === undefined ? `level=${level}` : `${encodeURIComponent(logger)}=${level}`;
    current = readAnswer(await admin.post(`/logging?${query}`));
  }
  return current;
}

function unknownLogger(logger: string, known: ReadonlyMap<string, string>): OperationError {
  const nearest = findNearest(logger, [...known.keys()]);
  const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
  return new OperationError('E_LOGGER_UNKNOWN', `Envoy has no logger ${logger}${hint}`);
}

/** As Envoy prints them. */
export function formatLevels(levels: ReadonlyMap<string, string>): string {
  const lines = [...levels].map(([name, level]) => `  ${name}: ${level}\n`);
  return `active loggers:\n${lines.join('')}`;
}

function readAnswer(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, level] = /^\s+(\S+): (\w+)$/.exec(line) ?? [];
    return name === undefined || level === undefined ? [] : [[name, level] as const];
  });
  return new Map(pairs);
}
