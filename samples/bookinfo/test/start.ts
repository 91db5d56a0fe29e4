import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../src/config.ts';
import { defaultTimeouts, type ServiceName } from '../src/config.ts';
import type { Running } from '../src/http/server.ts';
import { startService } from '../src/service.ts';

/** A stand-in for a service that misbehaves: a real HTTP server that remembers what it was asked. */
export interface Upstream {
  readonly url: string;
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
}

/** Nothing listens there: connections are refused. */
export const nobody = 'http://127.0.0.1:1';

/** Opens services and upstreams on free loopback ports and closes them all after the test. */
export class TestBed {
  readonly #closers: (() => Promise<void>)[] = [];

  /** Starts a service of Bookinfo; without `changes` its upstreams are not there. */
  async start(service: ServiceName, changes: Partial<Config> = {}): Promise<Running> {
    const version = changes.version ?? 'v1';
    const config: Config = {
      service,
      version,
      host: '127.0.0.1',
      port: 0,
      podname: `${service}-${version}-pod`,
      upstreams: { details: nobody, reviews: nobody, ratings: nobody },
      timeouts: defaultTimeouts(version),
      ...changes,
    };
    const running = await startService(config, () => undefined);
    this.#closers.push(() => running.close(0));
    return running;
  }

  /** All services with the given version of reviews; answers productpage. */
  async startAll(version: string, changes: { readonly ratings?: string } = {}): Promise<Running> {
    const [details, ratings] = await Promise.all([this.start('details'), this.start('ratings')]);
    const upstreams = {
      details: details.url,
      reviews: nobody,
      ratings: changes.ratings ?? ratings.url,
    };
    const reviews = await this.start('reviews', { version, upstreams });
    return this.start('productpage', { upstreams: { ...upstreams, reviews: reviews.url } });
  }

  async startUpstream(listener: RequestListener): Promise<Upstream> {
    const requests: { url: string; headers: IncomingHttpHeaders }[] = [];
    const server = createServer((request, response) => {
      requests.push({ url: request.url ?? '', headers: request.headers });
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#closers.push(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    });
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, requests };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** An upstream that takes the request and never answers. */
export const silence: RequestListener = () => undefined;

/** An upstream that answers with `status` and `body` as JSON. */
export function answering(status: number, body: unknown): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
