import { isNamespace, lastingNamespaces, namespaceKey } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
import { uidOf } from './stamp.ts';
import type { StoreEvent } from './store.ts';

/**
 * Namespaces that nobody has written down and that exist all the same: those that are always there, and those in
 * which something is, such as in a folder of files that names none. They are worked out, in no file and under no
 * key, and are seen like those that are stored.
 */
export class ImpliedNamespaces {
  readonly #implied = new Map<string, ConfigObject>();
  /** How many objects are in each namespace. */
  readonly #members = new Map<string, number>();
  readonly #isStored: (name: string) => boolean;

  constructor(isStored: (name: string) => boolean) {
    this.#isStored = isStored;
  }

  get(name: string): ConfigObject | undefined {
    return this.#implied.get(name);
  }

  /** Sorted by name. */
  list(): readonly ConfigObject[] {
    return [...this.#implied.values()].sort(byName);
  }

  /** The namespaces that are there before anything else is. */
  open(moment: Moment): void {
    for (const name of lastingNamespaces) if (!this.#isStored(name)) this.#imply(name, moment);
  }

  /** Takes changes of the store in. Returns what follows from them, in order. */
  follow(events: readonly StoreEvent[], version: string): readonly StoreEvent[] {
    const touched = new Map<string, ConfigObject>();
    for (const event of events) {
      const name = this.#count(event);
      if (name !== undefined) touched.set(name, event.object);
    }
    return [...touched].flatMap(([name, { metadata }]) =>
      this.#settle(name, { ...metadata, version }),
    );
  }

  /** The namespace of which it may be another question now whether it is implied. */
  #count({ type, object }: StoreEvent): string | undefined {
    const { name, namespace } = object.metadata;
    if (isNamespace(object)) return name;
    if (namespace === undefined || type === 'MODIFIED') return undefined;
    const before = this.#members.get(namespace) ?? 0;
    const after = before + (type === 'ADDED' ? 1 : -1);
    if (after === 0) this.#members.delete(namespace);
    else this.#members.set(namespace, after);
    return before === 0 || after === 0 ? namespace : undefined;
  }

  #settle(name: string, moment: Moment): readonly StoreEvent[] {
    const known = this.#implied.get(name);
    if (this.#isStored(name)) {
      // The event of the one that is stored says what came before it.
      this.#implied.delete(name);
      return [];
    }
    const exists = this.#members.has(name) || lastingNamespaces.includes(name);
    if (exists === (known !== undefined)) return [];
    if (known === undefined) return [{ type: 'ADDED', object: this.#imply(name, moment) }];
    this.#implied.delete(name);
    const metadata = { ...known.metadata, resourceVersion: moment.version };
    return [{ type: 'DELETED', object: { ...known, metadata }, previous: known }];
  }

  /** Its uid is that of an object whose creation nobody noted: the same for ever, and in all pilots. */
  #imply(name: string, { version, creationTimestamp }: Moment): ConfigObject {
    const namespace: ConfigObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        uid: uidOf(namespaceKey(name)),
        resourceVersion: version,
        generation: 1,
        ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      },
    };
    this.#implied.set(name, namespace);
    return namespace;
  }
}

/** When a namespace began, or ended. */
interface Moment {
  readonly version: string;
  readonly creationTimestamp?: string;
}

export function byName(left: ConfigObject, right: ConfigObject): number {
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
