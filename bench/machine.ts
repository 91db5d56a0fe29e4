import { cpus, loadavg, totalmem } from 'node:os';

/** Where and when a bench ran: figures mean nothing without it. Load is that of the last minute, before the run. */
export function describeMachine(): {
  readonly date: string;
  readonly command: string;
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly load: number;
} {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    command: `node --import tsx ${process.argv.slice(1).map(relative).join(' ')}`,
    node: process.version,
    cores: processors.length,
    cpu: processors[0]?.model ?? 'unknown',
    memoryGb: totalmem() / 1024 ** 3,
    load: loadavg()[0] ?? 0,
  };
}

function relative(argument: string): string {
  return argument.replace(`${process.cwd()}/`, '');
}
