import { connect } from 'node:net';

/** How long an answer may take (ms). */
const patience = 1000;

/** Whether somebody on 127.0.0.1 accepts connections on `port`. */
export function accepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: patience });
    const answer = (accepts: boolean): void => {
      socket.destroy();
      resolve(accepts);
    };
    socket.once('connect', () => {
      answer(true);
    });
    socket.once('error', () => {
      answer(false);
    });
    socket.once('timeout', () => {
      // Timers come before sockets: a process that was held up has not looked yet whether there is an answer.
      setImmediate(() => {
        answer(false);
      });
    });
  });
}
