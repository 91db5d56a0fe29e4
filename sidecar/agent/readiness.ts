import type { Server } from 'node:http';
import { once } from 'node:events';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { EnvoyAdmin } from '../envoy/admin.ts';
import { createServer } from './http.ts';

export interface ReadinessSources {
  readonly admin: EnvoyAdmin;
  /** Changes when Envoy was started again and what was known of it no longer holds. */
  readonly envoyStarts: () => number;
  readonly hasNames: () => boolean;
}

/** An answer of Envoy holds for so long (ms), however many ask. */
const memoryTime = 200;

/**
 * Tells whether the workload may get traffic: Envoy is live, runs pilot's clusters and listeners, and the
 * names of the mesh are known. Asks Envoy only when somebody asks, and at most once per `memoryTime`.
 */
export class Readiness {
  readonly #sources: ReadinessSources;
  #draining = false;
  #configuredStart: number | undefined;
  #memory: { readonly until: number; readonly answer: Promise<string | undefined> } | undefined;

  constructor(sources: ReadinessSources) {
    this.#sources = sources;
  }

  /** From now on the workload is not ready. */
  startDraining(): void {
    this.#draining = true;
  }

  /** What is missing, for people; undefined when the workload is ready. */
  async missing(): Promise<string | undefined> {
    if (this.#draining) return 'draining';
    const now = Date.now();
    if (this.#memory === undefined || this.#memory.until <= now) {
      this.#memory = { until: now + memoryTime, answer: this.#ask() };
    }
    return this.#memory.answer;
  }

  async #ask(): Promise<string | undefined> {
    const { admin, envoyStarts, hasNames } = this.#sources;
    const start = envoyStarts();
    try {
      if (!(await admin.isLive())) return 'Envoy waits for its configuration from pilot';
      if (this.#configuredStart !== start) {
        if (!(await admin.isConfigured())) return 'Envoy has no configuration from pilot';
        this.#configuredStart = start;
      }
    } catch {
      return 'Envoy does not answer';
    }
    return hasNames() ? undefined : 'no name table from pilot yet';
  }
}

/** Serves `GET /healthz/ready`: 200 when ready, else 503 with what is missing. */
export class ReadinessServer implements Closer {
  readonly #server: Server;

  constructor(readiness: Readiness) {
    this.#server = createServer((request, response) => {
      if (request.url !== '/healthz/ready') {
        response.writeHead(404).end();
        return;
      }
      void readiness.missing().then((missing) => {
        const body = missing === undefined ? 'ready\n' : `${missing}\n`;
        response.writeHead(missing === undefined ? 200 : 503, { 'content-type': 'text/plain' });
        response.end(body);
      });
    });
  }

  /** Throws OperationError `E_READINESS_LISTEN`. */
  async listen(port: number): Promise<void> {
    try {
      this.#server.listen(port, '0.0.0.0');
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new OperationError('E_READINESS_LISTEN', `cannot serve readiness on port ${port}`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
