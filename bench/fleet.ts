/**
 * Many proxies in one process of their own, driven over IPC: connects them all at a command and says when all of
 * them have everything, and when all of them have acknowledged a change.
 */
import type { XdsType } from '../pilot/xds/resource.ts';
import { LightProxy } from '../test/feature/light-proxy.ts';
import { addressOf } from '../test/feature/scale-mesh.ts';

export type FleetCommand =
  /** Connect; answered when all proxies are synced. */
  | { readonly kind: 'connect'; readonly server: string; readonly proxies: number }
  /** Answered when each proxy has acknowledged one response of `type`. */
  | { readonly kind: 'expect'; readonly type: XdsType };

export interface FleetAnswer {
  readonly kind: FleetCommand['kind'] | 'expecting';
  /** When the last proxy had done it (ms since the epoch, with fractions). */
  readonly at: number;
  /** When the first proxy had. */
  readonly first: number;
  /** CPU time of this process since the command (ms). */
  readonly cpu: number;
}

interface Task {
  readonly command: FleetCommand;
  readonly cpu: NodeJS.CpuUsage;
  readonly done: Set<LightProxy>;
  first: number;
}

const proxies: LightProxy[] = [];
let task: Task | undefined;

process.on('message', (command: FleetCommand) => {
  task = { command, cpu: process.cpuUsage(), done: new Set(), first: 0 };
  if (command.kind === 'expect') answer('expecting', now(), task);
  else for (let index = 0; index < command.proxies; index += 1) proxies.push(open(command, index));
});
process.on('disconnect', () => {
  for (const proxy of proxies) proxy.close();
});

function open({ server }: FleetCommand & { kind: 'connect' }, index: number): LightProxy {
  const proxy: LightProxy = new LightProxy({
    server,
    id: `service-${index}-0.default`,
    address: addressOf(index, 0),
    labels: { app: `service-${index}` },
    onAck: (type) => {
      if (task !== undefined) note(task, proxy, type);
    },
  });
  return proxy;
}

function note(current: Task, proxy: LightProxy, type: XdsType): void {
  const { command, done } = current;
  if (command.kind === 'connect' ? !proxy.isSynced() : command.type !== type) return;
  const at = now();
  if (done.size === 0) current.first = at;
  done.add(proxy);
  if (done.size < proxies.length) return;
  task = undefined;
  answer(command.kind, at, current);
}

function answer(kind: FleetAnswer['kind'], at: number, { first, cpu }: Task): void {
  const { user, system } = process.cpuUsage(cpu);
  const message: FleetAnswer = { kind, at, first, cpu: (user + system) / 1000 };
  process.send?.(message);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
