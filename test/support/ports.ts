/**
 * Ports for what cannot choose one itself. Between our look and its use the kernel must not give a port to
 * somebody else, so they lie below those that it gives out (Linux from 32768, macOS from 49152); and each
 * process looks in a part of its own, so that suites that run side by side do not meet.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const first = 16_000;
const count = 16_000;
/** Ports from where one process begins to where the process with the next id does. */
const part = 64;

let next = (process.pid * part) % count;

/** A port that is free on every address of this machine, over TCP and UDP; not one that was given before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < count; tries += 1) {
    const port = first + next;
    next = (next + 1) % count;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${first} on is free`);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    await Promise.all([
      once(tcp.listen(port, '0.0.0.0'), 'listening'),
      once(udp.bind(port, '0.0.0.0'), 'listening'),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    if (tcp.listening) await once(tcp.close(), 'close');
    udp.close();
  }
}
