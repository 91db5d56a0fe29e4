import type { Socket } from 'node:net';

/** Longest name server message over TCP: its length takes two bytes (RFC 1035 §4.2.2). */
const maxMessage = 65_535;

/** A message as it goes over TCP. */
export function frameMessage(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Math.min(message.length, maxMessage));
  return Buffer.concat([length, message.subarray(0, maxMessage)]);
}

/** Calls `take` with each whole message that arrives on `socket`. */
export function readMessages(socket: Socket, take: (message: Buffer) => void): void {
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      take(held.subarray(2, end));
      held = held.subarray(end);
    }
  });
}
