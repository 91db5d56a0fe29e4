import type { Clock } from '../../kit/clock.ts';
import { createDebounce } from '../../kit/debounce.ts';
import { type Closer, Lifecycle } from '../../kit/lifecycle.ts';
import type { Problem } from '../../kit/problem.ts';
import { type Watched, WatchedCell } from '../../kit/watched.ts';
import { resourceOf } from '../api/decode.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { formatTimestamp } from '../store/stamp.ts';
import type { ConfigStore } from '../store/store.ts';
import { Analysis } from './analysis.ts';
import { withMessages } from './status.ts';

/** A write that somebody is about to do. */
export type ObjectChange =
  | { readonly kind: 'put'; readonly object: ConfigObject }
  | { readonly kind: 'remove'; readonly key: ObjectKey };

export interface LiveAnalysisOptions {
  readonly store: Pick<ConfigStore, 'list' | 'watch' | 'get'>;
  readonly catalog: Watched<readonly RegisteredService[]>;
  /** Domain in which rules may use short names. */
  readonly domain: string;
  readonly clock: Clock;
}

/** Milliseconds: nobody waits for the log, and the changes of one deployment are taken together. */
const quiet = 200;
const longest = 2000;

/** Resources: one or two milliseconds of work, no more than a request takes. */
const slice = 20;

/** The analysis of a running mesh: follows the store and the registries. */
export class LiveAnalysis implements Closer {
  readonly #options: LiveAnalysisOptions;
  readonly #analysis: Analysis;
  readonly #warnings = new WatchedCell<readonly Problem[]>();
  readonly #lifecycle = new Lifecycle();
  #stopSlices: () => void = () => undefined;
  readonly #served = new WeakMap<ConfigObject, Served>();

  constructor(options: LiveAnalysisOptions) {
    const { store, catalog, domain, clock } = options;
    this.#options = options;
    this.#analysis = new Analysis(domain);
    const later = this.#lifecycle.add(
      createDebounce(this.#publish, { quiet, max: longest, clock }),
    );
    this.#lifecycle.add({
      close: () => {
        this.#stopSlices();
      },
    });
    const { items, version } = store.list();
    for (const object of items) this.#put(object);
    const stopStore = store.watch(version, ({ type, object }) => {
      if (type === 'DELETED') this.#analysis.change({ kind: 'remove', key: keyOf(object) });
      else this.#put(object);
      later.trigger();
    });
    const stopCatalog = catalog.subscribe((services) => {
      this.#analysis.setServices(services);
      later.trigger();
    });
    this.#lifecycle.add({ close: stopStore });
    this.#lifecycle.add({ close: stopCatalog });
  }

  /** All warnings and errors; what subscribers hear comes a moment after the change. */
  get problems(): Watched<readonly Problem[]> {
    return {
      current: () => this.#current(),
      subscribe: (listener) => this.#warnings.subscribe(listener),
    };
  }

  /** What a write would be warned of: of the object itself, and of others because of it. Nothing is changed. */
  preview(change: ObjectChange): readonly Problem[] {
    const { own, caused } = this.#analysis.preview(
      change.kind === 'remove'
        ? change
        : { kind: 'put', resource: resourceOf(this.#dated(change.object)) },
    );
    return [...own, ...caused].filter(isWarning);
  }

  /**
   * The object with what the analysis says of it in its status: computed when it is read, and the same object again
   * while nothing has changed.
   */
  serve(object: ConfigObject): ConfigObject {
    const problems = this.#analysis.problemsOf(keyOf(object));
    const known = this.#served.get(object);
    if (known?.problems === problems) return known.object;
    const served = withMessages(object, problems);
    this.#served.set(object, { problems, object: served });
    return served;
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  /** In slices: requests are answered in between. */
  readonly #publish = (): void => {
    this.#stopSlices();
    if (this.#analysis.settle(slice)) this.#warnings.set(this.#current());
    else this.#stopSlices = this.#options.clock.after(0, this.#publish);
  };

  #put(object: ConfigObject): void {
    this.#analysis.change({ kind: 'put', resource: resourceOf(object) });
  }

  #current(): readonly Problem[] {
    return this.#analysis.problems().filter(isWarning);
  }

  /** As the store will date it: of two that conflict, the younger one loses. */
  #dated(object: ConfigObject): ConfigObject {
    const { store, clock } = this.#options;
    const before = store.get(keyOf(object))?.metadata.creationTimestamp;
    const creationTimestamp =
      before ?? object.metadata.creationTimestamp ?? formatTimestamp(clock.now());
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  }
}

interface Served {
  readonly problems: readonly Problem[];
  readonly object: ConfigObject;
}

function isWarning({ severity }: Problem): boolean {
  return severity !== 'info';
}
