import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { openConsulStore } from '../../pilot/store/consul-store.ts';
import { openDirStore } from '../../pilot/store/dir-store.ts';
import { createMemoryStore } from '../../pilot/store/memory-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import { TestConsul } from './consul.ts';
import { makeTemporaryFolder } from './folders.ts';

/** Where a store keeps its objects. It is empty; every store that is opened on it has the same objects. */
export interface StorePlace {
  readonly open: () => Promise<ConfigStore>;
  readonly remove: () => Promise<void>;
}

export interface StoreEngine {
  /** Whether objects outlive the process, and are seen by other processes. */
  readonly isShared: boolean;
  readonly makePlace: () => Promise<StorePlace>;
}

const log = createLog('test', 'silent');
let consul: TestConsul | undefined;
let prefixes = 0;

/** What every engine of the store must do; each logs four changes. */
export const storeEngines: Readonly<Record<string, StoreEngine>> = {
  memory: {
    isShared: false,
    makePlace: () => {
      const open = (): ConfigStore => createMemoryStore({ clock: systemClock, logSize: 4 });
      return Promise.resolve({
        open: () => Promise.resolve(open()),
        remove: () => Promise.resolve(),
      });
    },
  },
  dir: {
    isShared: true,
    makePlace: async () => {
      const { path, remove } = await makeTemporaryFolder();
      return { open: () => openDirStore({ path, clock: systemClock, log, logSize: 4 }), remove };
    },
  },
  consul: {
    isShared: true,
    makePlace: async () => {
      consul ??= await TestConsul.start();
      const { client } = consul;
      const prefix = `test-${(prefixes += 1)}/config`;
      return {
        open: () => openConsulStore({ client, prefix, clock: systemClock, log, logSize: 4 }),
        remove: () => Promise.resolve(),
      };
    },
  },
};

/** A store that is open, on a place of its own. */
export interface OpenStore {
  readonly place: StorePlace;
  readonly store: ConfigStore;
}

/** Opens a store before each test of a suite; after it, closes all that were opened on the same place. */
export function openStores(engine: StoreEngine, take: (opened: OpenStore) => void): void {
  const opened: ConfigStore[] = [];
  let made: StorePlace | undefined;
  beforeEach(async () => {
    const { open, remove } = await engine.makePlace();
    const openNext = async (): Promise<ConfigStore> => {
      const store = await open();
      opened.push(store);
      return store;
    };
    made = { open: openNext, remove };
    take({ place: made, store: await openNext() });
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await made?.remove();
  });
  after(async () => {
    await consul?.stop();
    consul = undefined;
  });
}
