/** Stands before the socket of the Docker Engine, and cuts what goes through it. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class CutSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(path: string, engine: string) {
    this.path = path;
    this.#server = createServer((client) => {
      const onward = connect(engine);
      const pair = [client, onward] as const;
      this.#pairs.add(pair);
      client.pipe(onward).pipe(client);
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.once('close', () => {
          for (const other of pair) other.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async open(path: string, engine: string): Promise<CutSocket> {
    const socket = new CutSocket(path, engine);
    socket.#server.listen(path);
    await once(socket.#server, 'listening');
    return socket;
  }

  /** Ends all connections, as an Engine does that restarts. */
  cut(): void {
    for (const [client, onward] of this.#pairs) {
      client.destroy();
      onward.destroy();
    }
  }

  /** Lets what the Engine says now get lost, and then ends the connections: they were open by half. */
  async cutByHalf(time: number): Promise<void> {
    for (const [client, onward] of this.#pairs) onward.unpipe(client).resume();
    await new Promise((resolve) => setTimeout(resolve, time));
    this.cut();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
    await rm(this.path, { force: true });
  }
}
