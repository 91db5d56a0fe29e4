import type { Clock } from '../../kit/clock.ts';
import { createConsulClient } from '../../kit/consul-client.ts';
import type { Log } from '../../kit/log.ts';
import { openConsulStore } from './consul-store.ts';
import { openDirStore } from './dir-store.ts';
import { createMemoryStore } from './memory-store.ts';
import type { ConfigStore } from './store.ts';
import type { StoreLocation } from './store-location.ts';

export interface OpenOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the waiting for a store that does not answer. */
  readonly signal?: AbortSignal;
}

/** Opens a store; one in Consul is waited for. Throws what its engine throws, StoreError `E_CLOSED` after the signal. */
export async function openStore(
  location: StoreLocation,
  { clock, log, signal }: OpenOptions,
): Promise<ConfigStore> {
  switch (location.kind) {
    case 'memory':
      return createMemoryStore({ clock });
    case 'dir':
      return openDirStore({ path: location.path, clock, log });
    case 'consul': {
      const { prefix, datacenter } = location;
      const client = createConsulClient(location);
      const place = datacenter === undefined ? { prefix } : { prefix, datacenter };
      return openConsulStore({ client, ...place, clock, log }, signal);
    }
  }
}
