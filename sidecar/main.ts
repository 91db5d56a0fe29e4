import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeError } from '../kit/errors.ts';
import { formatProblem } from '../kit/problem.ts';
import { runSidecar, type AgentSignals } from './agent/agent.ts';
import { createSmallLog } from './agent/log.ts';
import { findOwnAddress } from './agent/namespace.ts';
import { readAgentConfig } from './config.ts';

const usage = `usage: cmesh agent

Runs Envoy and the resolver of one workload. Configured by its environment, see docs.
`;

/**
 * The command `cmesh agent`: runs the sidecar until SIGTERM or SIGINT (drains; the second one ends it at
 * once). Returns the exit code: 0 after a signal, 1 when it cannot run, 2 for wrong arguments.
 */
export async function runAgent(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  if (argv.length > 0) {
    process.stderr.write(usage);
    return argv.includes('--help') ? 0 : 2;
  }
  const write = (line: string): void => {
    process.stdout.write(line);
  };
  const address = env['INSTANCE_IP'] ?? findOwnAddress();
  if (address === undefined) {
    const log = createSmallLog({ name: 'agent' }, 'info', write);
    log.error(
      {},
      'the network namespace has no address: the pod container is not running or has restarted',
    );
    return 1;
  }
  const config = readAgentConfig(env, { hostname: hostname(), address });
  if (!('workload' in config)) {
    for (const problem of config) process.stderr.write(`${formatProblem(problem)}\n`);
    return 1;
  }
  const log = createSmallLog({ name: 'agent', workload: config.workload }, config.logLevel, write);
  const { signals, release } = listenForSignals();
  try {
    const reason = await runSidecar(config, log, signals);
    if (reason.kind === 'signal') return 0;
    log.error({}, reason.message);
    return 1;
  } catch (error) {
    log.error({ error: describeError(error) }, 'the sidecar cannot run');
    return 1;
  } finally {
    release();
  }
}

/** The first signal asks to stop, the second to stop at once. */
function listenForSignals(): { readonly signals: AgentSignals; readonly release: () => void } {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) kill.abort();
    else stop.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signals: { stop: stop.signal, kill: kill.signal },
    release: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}

const entry = process.argv[1];
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) {
  process.exitCode = await runAgent(process.argv.slice(2), process.env);
}
