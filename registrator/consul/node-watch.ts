/**
 * Says whether anything about the services of our agent may have changed, without reading them: two blocking
 * queries on the agent's node in the catalogue, whose answers are filtered to nothing. What is done to the agent
 * reaches the catalogue within milliseconds (agent/ae, StateSyncer), and an agent that ends breaks the queries.
 */
import { followBlockingQuery } from '../../kit/blocking-query.ts';
import type { ConsulClient } from '../../kit/consul-client.ts';
import { delay, type Closer } from '../../kit/lifecycle.ts';

export interface NodeWatchOptions {
  readonly client: ConsulClient;
  /** Something may have changed, or changes may have been missed. */
  readonly onChange: () => void;
}

/**
 * The pause after a change (ms). One write changes the node two or three times, and each answer costs the server
 * a look at the whole node.
 */
const pause = 1000;

/** No service and no check has an empty id. */
const paths = (node: string): readonly string[] => [
  `/v1/catalog/node-services/${encodeURIComponent(node)}?filter=${encodeURIComponent('ID == ""')}`,
  `/v1/health/node/${encodeURIComponent(node)}?filter=${encodeURIComponent('CheckID == ""')}`,
];

export class NodeWatch implements Closer {
  readonly #options: NodeWatchOptions;
  readonly #end = new AbortController();
  #node: string | undefined;
  #followers: readonly Follower[] = [];
  /** The followers of other nodes have ended. */
  #left: Promise<unknown> = Promise.resolve();

  constructor(options: NodeWatchOptions) {
    this.#options = options;
  }

  /** True while every change is heard of. */
  get isFollowing(): boolean {
    return this.#followers.length > 0 && this.#followers.every(({ isFollowing }) => isFollowing());
  }

  /** Follows this node, or none; nothing happens if it does so already. */
  follow(node: string | undefined): void {
    if (this.#end.signal.aborted || node === this.#node) return;
    const left = [this.#left, ...this.#followers.map(({ close }) => close())];
    this.#left = Promise.all(left);
    this.#node = node;
    this.#followers = node === undefined ? [] : paths(node).map((path) => this.#followPath(path));
  }

  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all([this.#left, ...this.#followers.map(({ close }) => close())]);
  }

  #followPath(path: string): Follower {
    const { client, onChange } = this.#options;
    let seen: number | undefined;
    const follower = followBlockingQuery({
      client,
      path,
      onReply: async (_, { index, reset }) => {
        // Nothing happened while the query waited. Without an index nothing can be told.
        if (index !== undefined && index === seen && !reset) return;
        seen = index;
        onChange();
        await delay(pause, this.#end.signal);
      },
      onFailure: () => {
        seen = undefined;
        onChange();
      },
    });
    return {
      isFollowing: () => seen !== undefined,
      close: async () => {
        await follower.close();
      },
    };
  }
}

interface Follower {
  readonly isFollowing: () => boolean;
  readonly close: () => Promise<void>;
}
