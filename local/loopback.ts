import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import type { Closer } from '../kit/lifecycle.ts';

/** The loopback addresses of one mesh. */
export interface Loopback extends Closer {
  /** An address for the next workload. */
  readonly nextAddress: () => string;
}

/** Held by a mesh at the first address of its block, so that two meshes never have one. */
const claimPort = 15_099;
const blocks = 256;

/**
 * Addresses 127.77.BLOCK.2 and so on, one for each workload, where the platform has all of 127.0.0.0/8 (Linux does,
 * macOS does not), in a block that no other mesh uses. Elsewhere, or when `own` is false, every workload is at
 * 127.0.0.1 and told apart by its ports.
 */
export async function claimLoopback({ own }: { readonly own: boolean }): Promise<Loopback> {
  for (let block = 0; own && block < blocks; block += 1) {
    const prefix = `127.77.${block}`;
    const claim = await listen(`${prefix}.1`, claimPort);
    if (claim === 'no such address') break;
    if (claim !== 'taken') return ownAddresses(prefix, claim);
  }
  return { nextAddress: () => '127.0.0.1', close: () => undefined };
}

function ownAddresses(prefix: string, claim: Server): Loopback {
  let last = 1;
  claim.unref();
  return {
    nextAddress: () => {
      last += 1;
      return last < 255 ? `${prefix}.${last}` : '127.0.0.1';
    },
    close: async () => {
      const closed = once(claim, 'close');
      claim.close();
      await closed;
    },
  };
}

/** Ports that the kernel does not give out by itself (Linux from 32768, macOS from 49152). */
const firstPort = 20_000;
const portCount = 12_000;

/** Finds ports for those who cannot choose one themselves, and gives none twice. */
export class PortFinder {
  readonly #given = new Set<string>();
  readonly #reserved: ReadonlySet<number>;
  #next = Math.floor(Math.random() * portCount);

  /** `reserved`: ports that somebody will listen on later; they are found only by who prefers them. */
  constructor(reserved: ReadonlySet<number> = new Set()) {
    this.#reserved = reserved;
  }

  /** `preferred` when it is free at `address`, else any port that is. Throws when there is none. */
  async find(address: string, preferred?: number): Promise<number> {
    if (preferred !== undefined && (await this.#take(address, preferred))) return preferred;
    for (let tries = 0; tries < portCount; tries += 1) {
      const port = firstPort + this.#next;
      this.#next = (this.#next + 1) % portCount;
      if (!this.#reserved.has(port) && (await this.#take(address, port))) return port;
    }
    throw new Error(`no port of ${address} is free`);
  }

  async #take(address: string, port: number): Promise<boolean> {
    const place = `${address}:${port}`;
    if (this.#given.has(place) || !(await isFree(address, port))) return false;
    this.#given.add(place);
    return true;
  }
}

/** Whether somebody can listen there now. */
export async function isFree(address: string, port: number): Promise<boolean> {
  const server = await listen(address, port);
  if (typeof server === 'string') return false;
  const closed = once(server, 'close');
  server.close();
  await closed;
  return true;
}

function listen(address: string, port: number): Promise<Server | 'taken' | 'no such address'> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'EADDRNOTAVAIL' ? 'no such address' : 'taken');
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      resolve(server);
    });
  });
}
