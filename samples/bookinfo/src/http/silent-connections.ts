import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Follows the connections of a server; what is returned closes those on which nothing was ever said, and from then on
 * new ones. Envoy opens such connections ahead of need. Node's `closeIdleConnections` leaves them: it takes a connection
 * for busy until its first request has been answered.
 */
export function followConnections(server: Server): { readonly closeSilent: () => void } {
  const open = new Set<Socket>();
  let isClosing = false;
  server.on('connection', (socket) => {
    if (isClosing) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return {
    closeSilent: () => {
      isClosing = true;
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}
