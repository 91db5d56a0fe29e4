import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { WatchedCell } from '../../kit/watched.ts';
import type { HttpServerDeps } from '../../pilot/http/deps.ts';
import { createHttpServer, type HttpServer } from '../../pilot/http/server.ts';
import { createMemoryStore } from '../../pilot/store/memory-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import type { NameTable } from '../../sidecar/contract/name-table.ts';

/** Pilot's HTTP server on a free port of loopback, over a store in memory. */
export interface ApiServer {
  readonly url: string;
  readonly store: ConfigStore;
  readonly names: WatchedCell<NameTable>;
  /** Resolves when the next watch of the store begins. */
  readonly nextWatch: () => Promise<void>;
  readonly inject: HttpServer['inject'];
  /** Asks without a connection. `type` is that of the body. */
  readonly ask: (method: Method, url: string, body?: unknown, type?: string) => Promise<Answer>;
  readonly listenSecurely: HttpServer['listenSecurely'];
  readonly counters: HttpServer['counters'];
  readonly close: () => Promise<void>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the API has answered. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** All warnings; missing when there are none. */
  readonly warning?: string;
}

async function ask(
  inject: HttpServer['inject'],
  ...[method, url, body, type = 'application/json']: Parameters<ApiServer['ask']>
): Promise<Answer> {
  const sent =
    body === undefined ? {} : { payload: JSON.stringify(body), headers: { 'content-type': type } };
  const { statusCode, headers, payload } = await inject({ method, url, ...sent });
  const warning = headers.warning?.toString();
  return {
    status: statusCode,
    body: JSON.parse(payload) as Answer['body'],
    ...(warning === undefined ? {} : { warning }),
  };
}

/** `port` 0 is any free one. */
export async function startApiServer(
  changes: Partial<HttpServerDeps> = {},
  port = 0,
): Promise<ApiServer> {
  const memory = createMemoryStore({ clock: systemClock, logSize: 20 });
  const waiting: (() => void)[] = [];
  const store: ConfigStore = {
    ...memory,
    watch: (from, listener) => {
      for (const resolve of waiting.splice(0)) resolve();
      return memory.watch(from, listener);
    },
  };
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
  const url = await server.listen({ host: '127.0.0.1', port });
  const nextWatch = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const { inject, listenSecurely, counters, close } = server;
  const shown = changes.store ?? store;
  return {
    url,
    store: shown,
    names,
    nextWatch,
    inject,
    ask: (...request) => ask(inject, ...request),
    listenSecurely,
    counters,
    close,
  };
}
