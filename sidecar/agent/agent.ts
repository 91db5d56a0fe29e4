import { readFileSync } from 'node:fs';
import { systemClock } from '../../kit/clock.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import { version } from '../../kit/version.ts';
import { renderBootstrap } from '../bootstrap/render.ts';
import type { AgentConfig } from '../config.ts';
import { NameTableWatch } from '../dns/name-table-watch.ts';
import { parseNameservers } from '../dns/resolv-conf.ts';
import { DnsServer } from '../dns/server.ts';
import { createUpstream } from '../dns/upstream.ts';
import { createEnvoyAdmin } from '../envoy/admin.ts';
import { EnvoyProcess } from '../envoy/process.ts';
import { drain } from './drain.ts';
import { watchNamespace } from './namespace.ts';
import { Readiness, ReadinessServer } from './readiness.ts';

/** Why the agent ends. */
export type StopReason =
  { readonly kind: 'signal' } | { readonly kind: 'namespace lost'; readonly message: string };

export interface AgentSignals {
  /** Aborted when the agent is to drain and end. */
  readonly stop: AbortSignal;
  /** Aborted when it is to end at once. */
  readonly kill: AbortSignal;
}

/**
 * Runs the sidecar of one workload until it is told to stop or its network namespace is gone. Throws
 * OperationError when it cannot start.
 */
export async function runSidecar(
  config: AgentConfig,
  log: Log,
  signals: AgentSignals,
): Promise<StopReason> {
  const lifecycle = new Lifecycle();
  try {
    const names = lifecycle.add(new NameTableWatch(config.pilotHttp, log, systemClock));
    const upstream = createUpstream(parseNameservers(readResolvConf()));
    const dns = lifecycle.add(new DnsServer(names.table, upstream, log));
    const command = {
      ...config.envoy,
      bootstrap: renderBootstrap({ ...config, agentVersion: version }),
      drainTime: config.drainTime,
    };
    const envoy = lifecycle.add(new EnvoyProcess(command, log, systemClock));
    const admin = createEnvoyAdmin(config.ports.admin);
    const readiness = new Readiness({
      admin,
      envoyStarts: () => envoy.starts,
      hasNames: () => names.table.current() !== undefined,
    });
    const server = lifecycle.add(new ReadinessServer(readiness));
    await server.listen(config.ports.readiness);
    await dns.listen(config.ports.dns);
    names.start();
    await envoy.start();
    log.info({ address: config.address, pilot: config.pilot }, 'sidecar started');

    const reason = await untilStopped(config.address, signals.stop);
    readiness.startDraining();
    if (reason.kind === 'signal') {
      const end = await drain(admin, { limit: config.drainTime, signal: signals.kill });
      log.info({ end }, 'drained');
    }
    return reason;
  } finally {
    await lifecycle.close();
  }
}

function untilStopped(address: string, stop: AbortSignal): Promise<StopReason> {
  return new Promise((resolve) => {
    const onStop = (): void => {
      endWatch();
      resolve({ kind: 'signal' });
    };
    const endWatch = watchNamespace(address, (state) => {
      stop.removeEventListener('abort', onStop);
      const message =
        state.kind === 'dead'
          ? 'the network namespace is dead: the pod container that owned it has restarted'
          : `the workload's address ${address} is gone, it has ${state.address} now`;
      resolve({ kind: 'namespace lost', message });
    });
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });
  });
}

function readResolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}
