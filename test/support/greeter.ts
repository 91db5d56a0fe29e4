import {
  type ChannelOptions,
  Client,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  credentials,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Closer } from '../../kit/lifecycle.ts';

const pass = (bytes: Buffer): Buffer => bytes;
const path = '/test.Greeter/Greet';

/** A gRPC service on loopback that answers with its version. */
export class Greeter implements Closer {
  readonly version: string;
  readonly port: number;
  /** The authority of every call, oldest first. */
  readonly received: string[];
  readonly #server: Server;
  readonly #failing: { code?: status };

  private constructor(version: string, port: number, state: Omit<GreeterState, 'version'>) {
    this.version = version;
    this.port = port;
    this.received = state.received;
    this.#server = state.server;
    this.#failing = state.failing;
  }

  static async start(version: string): Promise<Greeter> {
    const state: GreeterState = { version, server: new Server(), received: [], failing: {} };
    state.server.addService(
      {
        greet: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: pass,
          requestDeserialize: pass,
          responseSerialize: pass,
          responseDeserialize: pass,
        },
      },
      {
        greet: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
          state.received.push(call.getHost());
          const { code } = state.failing;
          if (code === undefined) answer(null, Buffer.from(version));
          else answer({ code, details: version });
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      state.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return new Greeter(version, port, state);
  }

  /** Answers with an error from now on, or no longer. */
  failWith(code: status | undefined): void {
    if (code === undefined) delete this.#failing.code;
    else this.#failing.code = code;
  }

  close(): void {
    this.#server.forceShutdown();
  }
}

interface GreeterState {
  readonly version: string;
  readonly server: Server;
  readonly received: string[];
  readonly failing: { code?: status };
}

/** Whoever can call a greeter. */
export abstract class GreeterCaller {
  /** The version that answers, or the name of the status. */
  abstract greet(headers?: Readonly<Record<string, string>>): Promise<string>;

  /** How many of `total` calls, made at once, each version has answered. */
  async count(
    total: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Readonly<Record<string, number>>> {
    const calls = Array.from({ length: total }, () => this.greet(headers));
    const counts: Record<string, number> = {};
    for (const answer of await Promise.all(calls)) counts[answer] = (counts[answer] ?? 0) + 1;
    return counts;
  }
}

/** A client of greeters. */
export class GreeterClient extends GreeterCaller implements Closer {
  readonly #client: Client;

  constructor(target: string, options: ChannelOptions = {}) {
    super();
    this.#client = new Client(target, credentials.createInsecure(), options);
  }

  greet(headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const deadline = Date.now() + 10_000;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        pass,
        pass,
        Buffer.alloc(0),
        metadata,
        { deadline },
        (error: ServiceError | null, value?: Buffer) => {
          resolve(error === null ? (value?.toString() ?? '') : status[error.code]);
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
