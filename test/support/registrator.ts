import { runRegistrator } from '../../registrator/main.ts';
import { recordLog, type RecordedLog } from './recorded-log.ts';

export interface RunningRegistrator {
  readonly log: RecordedLog;
  /** Ends it as SIGTERM does; resolves with the exit code. */
  readonly stop: () => Promise<number>;
  /** Resolves with the exit code when it ends. */
  readonly ended: Promise<number>;
  /** What it wrote to standard output. */
  readonly output: string[];
  /** What it wrote to standard error. */
  readonly errors: string[];
}

/** Runs the registrator in this process, as the command line would. */
export function startRegistrator(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningRegistrator {
  const log = recordLog();
  const output: string[] = [];
  const errors: string[] = [];
  const end = new AbortController();
  const ended = runRegistrator(argv, env, {
    log,
    signal: end.signal,
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
  });
  return {
    log,
    output,
    errors,
    ended,
    stop: () => {
      end.abort();
      return ended;
    },
  };
}
