import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Closer } from '../../kit/lifecycle.ts';
import { formatNodeId, formatNodeMetadata } from '../../sidecar/contract/node.ts';
import { GreeterCaller } from './greeter.ts';
import type { GreetAnswer, GreetCommand } from './xds-greeter-process.ts';

const program = fileURLToPath(new URL('./xds-greeter-process.ts', import.meta.url));

/** A process that finds greeters through pilot, with gRPC's own xDS client. */
export class XdsProgram implements Closer {
  readonly #pilot: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: string) => void>();
  #calls = 0;

  constructor(pilot: string) {
    this.#pilot = pilot;
    this.#child = fork(program, { execArgv: ['--import=tsx'] });
    this.#ended = once(this.#child, 'exit');
    this.#child.on('message', ({ id, answer }: GreetAnswer) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  /** Calls what has this name in xDS; `labels` are those of the calling workload. */
  connect(name: string, labels: Readonly<Record<string, string>> = {}): GreeterCaller {
    return new XdsGreeter((headers) =>
      this.#greet({ name, bootstrap: renderBootstrap(this.#pilot, labels), headers }),
    );
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #greet(command: Omit<GreetCommand, 'id'>): Promise<string> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, ...command });
    });
  }
}

class XdsGreeter extends GreeterCaller {
  readonly #call: (headers: Readonly<Record<string, string>>) => Promise<string>;

  constructor(call: (headers: Readonly<Record<string, string>>) => Promise<string>) {
    super();
    this.#call = call;
  }

  greet(headers: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#call(headers);
  }
}

/** The bootstrap of a gRPC client (gRPC A27). */
function renderBootstrap(pilot: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    xds_servers: [
      {
        server_uri: pilot,
        channel_creds: [{ type: 'insecure' }],
        server_features: ['xds_v3'],
      },
    ],
    node: {
      id: formatNodeId({
        type: 'sidecar',
        address: '10.9.0.9',
        id: 'client.default',
        domain: 'service.consul',
      }),
      metadata: formatNodeMetadata({ namespace: 'default', labels, generator: 'grpc' }),
      locality: {},
    },
  });
}
