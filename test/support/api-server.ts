import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { WatchedCell } from '../../kit/watched.ts';
import type { HttpServerDeps } from '../../pilot/http/deps.ts';
import { createHttpServer } from '../../pilot/http/server.ts';
import { createMemoryStore } from '../../pilot/store/memory-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import type { NameTable } from '../../sidecar/contract/name-table.ts';

/** Pilot's HTTP server on a free port of loopback, over a store in memory. */
export interface ApiServer {
  readonly url: string;
  readonly store: ConfigStore;
  readonly names: WatchedCell<NameTable>;
  readonly close: () => Promise<void>;
}

export async function startApiServer(changes: Partial<HttpServerDeps> = {}): Promise<ApiServer> {
  const store = createMemoryStore({ clock: systemClock, logSize: 20 });
  const names = new WatchedCell<NameTable>();
  const server = createHttpServer({
    store,
    names,
    ready: () => true,
    debug: {},
    clock: systemClock,
    log: createLog('test', 'silent'),
    ...changes,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, store: changes.store ?? store, names, close: server.close };
}
