/**
 * A program whose gRPC library speaks xDS: calls greeters as its parent tells it. It is a process of its own because
 * the library leaves timers of many minutes behind when a channel is closed.
 */
import { register } from '@grpc/grpc-js-xds';
import { GreeterClient } from './greeter.ts';

export interface GreetCommand {
  readonly id: number;
  /** What to call, after xds:///. */
  readonly name: string;
  /** The bootstrap of the xDS client, as JSON. */
  readonly bootstrap: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface GreetAnswer {
  readonly id: number;
  readonly answer: string;
}

const bootstrapOption = 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config';
const clients = new Map<string, GreeterClient>();

register();
process.on('message', (command: GreetCommand) => {
  void greet(command);
});
process.on('disconnect', () => process.exit());

async function greet({ id, name, bootstrap, headers }: GreetCommand): Promise<void> {
  const key = `${name} ${bootstrap}`;
  const client =
    clients.get(key) ?? new GreeterClient(`xds:///${name}`, { [bootstrapOption]: bootstrap });
  clients.set(key, client);
  const answer: GreetAnswer = { id, answer: await client.greet(headers) };
  process.send?.(answer);
}
