import type { Log, LogLevel } from '../../kit/log.ts';

/** Numbers of pino's levels, so that the agent's lines look like those of the other processes. */
const levels = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;

/**
 * The log of the agent: the lines of kit/log.ts without pino, which would cost 8 MB of memory beside each
 * Envoy.
 */
export function createSmallLog(
  bindings: Readonly<Record<string, unknown>>,
  level: LogLevel,
  write: (line: string) => void,
): Log {
  const at =
    (own: LogLevel) =>
    (fields: object, message: string): void => {
      if (levels[own] < levels[level]) return;
      const time = new Date().toISOString();
      write(
        `${JSON.stringify({ level: levels[own], time, ...bindings, ...fields, msg: message })}\n`,
      );
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createSmallLog({ ...bindings, ...fields }, level, write),
  };
}
