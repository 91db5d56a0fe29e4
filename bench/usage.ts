import { readFile } from 'node:fs/promises';

/** What a process takes. */
export interface Usage {
  /** Memory in use now and at most since the start (MB). */
  readonly rss: number;
  readonly peakRss: number;
  /** CPU time since the start (ms). */
  readonly cpu: number;
}

/** From /proc (Linux): proc(5), fields VmRSS and VmHWM of status, utime and stime of stat in ticks of 10 ms. */
export async function readUsage(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return {
    rss: megabytes('VmRSS'),
    peakRss: megabytes('VmHWM'),
    cpu: (Number(utime) + Number(stime)) * 10,
  };
}
