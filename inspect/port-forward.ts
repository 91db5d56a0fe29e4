import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { OperationError, describeError } from '../kit/errors.ts';
import type { Closer } from '../kit/lifecycle.ts';

export interface PortForward extends Closer {
  readonly port: number;
}

/**
 * Listens on 127.0.0.1 and carries every connection to what `open` gives. Port 0 takes any. A connection that cannot be
 * carried is closed, and told. Throws OperationError `E_USAGE` when the port is taken.
 */
export async function forwardPort(
  port: number,
  open: () => Promise<Duplex>,
  onFault: (text: string) => void,
): Promise<PortForward> {
  const sockets = new Set<Duplex>();
  const keep = <T extends Duplex>(stream: T): T => {
    sockets.add(stream);
    stream.once('close', () => sockets.delete(stream));
    // What breaks off is seen by the other end: both are closed together.
    stream.on('error', () => undefined);
    return stream;
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    keep(socket);
    open().then(
      (target) => {
        join(socket, keep(target));
      },
      (error: unknown) => {
        onFault(describeError(error));
        socket.destroy();
      },
    );
  });
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (cause) {
    throw new OperationError('E_USAGE', `cannot listen on port ${port}`, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function join(socket: Socket, target: Duplex): void {
  socket.pipe(target);
  target.pipe(socket);
  socket.once('close', () => target.destroy());
  target.once('close', () => {
    socket.destroySoon();
  });
}
