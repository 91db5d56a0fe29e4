import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KvDocument, readDocument } from './consul-document.ts';
import { type StoredHead, nextHead } from './consul-head.ts';
import { areApart } from './consul-keys.ts';
import type { ConsulKv, KvWrite } from './consul-kv.ts';
import type { ConsulView } from './consul-view.ts';

export interface ConsulSenderDeps {
  readonly kv: ConsulKv;
  readonly view: ConsulView;
  readonly prefix: string;
  /** Takes in what others have written up to a record of writes. */
  readonly takeHead: (head: StoredHead) => Promise<void>;
}

/** So often a write is tried again when others were first. */
const attempts = 20;

/** Brings writes to Consul, each right behind the last one that is known, and into the view. */
export class ConsulSender {
  readonly #deps: ConsulSenderDeps;

  constructor(deps: ConsulSenderDeps) {
    this.#deps = deps;
  }

  /** False when somebody else was first. */
  async send(write: KvWrite): Promise<boolean> {
    const { head } = this.#deps.view;
    return head !== undefined && (await this.#sendAfter(head, write));
  }

  /**
   * Tries again when others were first with other objects. What they have written is taken in afterwards: whoever reads it
   * before is late again, as long as another pilot writes one object after the other. False when that is not it.
   */
  async sendBehind(write: KvWrite): Promise<boolean> {
    const { kv, view, prefix } = this.#deps;
    let tried = view.head?.index ?? 0;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const head = await kv.readHead();
      const others = head === undefined ? undefined : view.writesBefore(head);
      if (head === undefined || others === undefined || head.index <= tried) return false;
      if (!others.every(({ path }) => areApart(prefix, path, write.path))) return false;
      if (await this.#sendAfter(head, write)) return true;
      tried = head.index;
    }
    return false;
  }

  /** Makes a write the next one after those that `head` tells of. */
  async #sendAfter(head: StoredHead, write: KvWrite): Promise<boolean> {
    const { kv, view, takeHead } = this.#deps;
    const value = nextHead(head, { verb: write.verb, path: write.path });
    const [index, document] = await Promise.all([
      kv.write({ value, index: head.index }, write),
      this.#readMeanwhile(write),
    ]);
    if (index === undefined) return false;
    if (head !== view.head) await takeHead(head);
    view.takeOwn({ ...value, index }, write.path, document);
    return true;
  }

  /** What others will read from the key. It is worked out while Consul has the transaction, not before or after. */
  async #readMeanwhile(write: KvWrite): Promise<KvDocument | undefined> {
    if (write.verb === 'delete') return undefined;
    await nextTurn();
    return readDocument(this.#deps.prefix, write.path, write.text);
  }
}
