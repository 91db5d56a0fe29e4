import type { Log } from '../../kit/log.ts';

export interface RecordedLog extends Log {
  /** `level message` of every line, oldest first. */
  readonly lines: string[];
}

/** A log that keeps its lines for a test to read. */
export function recordLog(): RecordedLog {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (_fields: object, message: string): void => {
      lines.push(`${level} ${message}`);
    };
  const log: RecordedLog = {
    lines,
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}
