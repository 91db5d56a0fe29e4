import { setFlagsFromString } from 'node:v8';
import { createLog } from '../kit/log.ts';
import { onTermination } from '../kit/termination.ts';
import { startPilot } from './app.ts';
import { type PilotFlags, parsePilotConfig } from './config.ts';
import { reportFailure } from './start-failure.ts';

/** `cmesh pilot`: runs until a signal. Exit codes: 0 ended by a signal, 1 cannot start, 2 a flag is wrong. */
export async function runPilot(
  flags: PilotFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const parsed = parsePilotConfig(flags, env['CONSUL_HTTP_TOKEN']);
  if (!parsed.ok) {
    process.stderr.write(parsed.messages.map((message) => `pilot: ${message}\n`).join(''));
    return 2;
  }
  limitHeapGrowth();
  const log = createLog('pilot', parsed.config.logLevel);
  const termination = onTermination();
  try {
    const pilot = await startPilot(parsed.config, log, { signal: termination.signal });
    if (!termination.signal.aborted) {
      await new Promise((resolve) => {
        termination.signal.addEventListener('abort', resolve, { once: true });
      });
    }
    await pilot.close();
    return 0;
  } catch (error) {
    // It was told to end while it waited for its config store.
    if (termination.signal.aborted) return 0;
    reportFailure(error, log, process.stderr);
    return 1;
  } finally {
    await termination.close();
  }
}

/**
 * Every change replaces small objects of every stream that have just become old. V8 would let the heap grow to four
 * times what is alive before it collects those; half as much again costs no more time and far less memory.
 */
function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
