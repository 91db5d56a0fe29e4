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

Runs Envoy and the resolver of one workload. The environment configures it, all of it optional:
  PILOT_ADDRESS, PILOT_HTTP       where pilot serves xDS and names (pilot:15010, http://pilot:8080)
  SERVICE_NAME, SERVICE_VERSION   the application and its version (from the host name NAME-vN)
  POD_NAMESPACE, CMESH_LABELS     config namespace and further labels (default; k=v,k=v)
  INSTANCE_IP                     the workload's address (the first one that is not loopback)
  ENVOY_BIN, CMESH_CONCURRENCY    the program Envoy and its worker threads (envoy, 2)
  CMESH_DRAIN_SECONDS             how long connections may take to end (5)
  CMESH_LOG_LEVEL, CMESH_ENVOY_LOG_LEVEL
  CMESH_ADMIN_PORT, CMESH_READINESS_PORT, CMESH_DNS_PORT, CMESH_PROMETHEUS_PORT
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
  // Standard output is the access log's alone: Envoy writes many lines at once, and a line between them would cut one.
  const write = (line: string): void => {
    process.stderr.write(line);
  };
  const given = env['INSTANCE_IP']?.trim();
  const address = given === undefined || given === '' ? findOwnAddress() : given;
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
