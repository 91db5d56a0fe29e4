import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AdsCounters } from '../pilot/ads/status.ts';
import type { Closer } from '../kit/lifecycle.ts';
import { freePort } from '../test/support/ports.ts';
import { until } from '../test/support/until.ts';
import { type Usage, readUsage } from './usage.ts';

/** A pilot as users run it: bin/cmesh.mjs in a process of its own. */
export interface PilotProcess extends Closer {
  /** host:port of ADS. */
  readonly grpc: string;
  readonly counters: () => Promise<AdsCounters>;
  /** Whether every connected proxy has all of its configuration, by pilot's own word. */
  readonly synced: () => Promise<boolean>;
  readonly usage: () => Promise<Usage>;
}

export interface PilotProcessOptions {
  /** Directory of the config store. */
  readonly config: string;
  /** Options for node, such as --cpu-prof. */
  readonly nodeOptions: readonly string[];
}

const root = join(import.meta.dirname, '..');

/** Starts pilot and waits until it is ready. dist/ has to be up to date (npm run ready). */
export async function startPilotProcess(options: PilotProcessOptions): Promise<PilotProcess> {
  const grpc = `127.0.0.1:${await freePort()}`;
  const http = `127.0.0.1:${await freePort()}`;
  const flags = ['--registry', 'none', '--config-store', `dir:${options.config}`];
  const child = spawn(
    process.execPath,
    [
      ...options.nodeOptions,
      join(root, 'bin/cmesh.mjs'),
      ...['pilot', ...flags, '--grpc', grpc, '--http', http, '--log-level', 'warn'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://${http}${path}`);
    return response.json();
  };
  await until('pilot to be ready', () => isReady(child, http), 30_000);
  return {
    grpc,
    counters: async () => (await ask('/debug/counters')) as AdsCounters,
    synced: async () => {
      const proxies = (await ask('/debug/proxies')) as readonly { readonly synced: boolean }[];
      return proxies.every(({ synced }) => synced);
    },
    usage: () => readUsage(child.pid ?? 0),
    close: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function isReady(child: ChildProcess, http: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`pilot ended with ${child.exitCode}`);
  try {
    return (await fetch(`http://${http}/readyz`)).ok;
  } catch {
    return false;
  }
}
