import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { AdsServer } from '../../pilot/ads/server.ts';
import type { ConfigObject } from '../../pilot/api/resource.ts';
import { defaultPolicy } from '../../pilot/http/access/access.ts';
import { createHttpServer } from '../../pilot/http/server.ts';
import { Pipeline } from '../../pilot/push/pipeline.ts';
import { noCatalog } from '../../pilot/sources/consul-catalog.ts';
import { openConsulStore } from '../../pilot/store/consul-store.ts';
import { openDirStore } from '../../pilot/store/dir-store.ts';
import { createMemoryStore } from '../../pilot/store/memory-store.ts';
import type { ConfigStore, StoreEvent } from '../../pilot/store/store.ts';
import { readTree } from '../fuzz/invariants.ts';
import { configObject, virtualServiceObject } from '../support/config-objects.ts';
import { TestConsul } from '../support/consul.ts';
import { makeTemporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';
import { LightProxy } from './light-proxy.ts';

interface Opened {
  readonly store: ConfigStore;
  /** All that outlives the process. */
  readonly kept: () => Promise<unknown>;
}

const log = createLog('test', 'silent');
const clock = systemClock;

/** An empty store of each engine. */
const engines: Readonly<Record<string, (lifecycle: Lifecycle) => Promise<Opened>>> = {
  memory: (lifecycle) => {
    const store = lifecycle.add(createMemoryStore({ clock }));
    return Promise.resolve({ store, kept: () => Promise.resolve(undefined) });
  },
  dir: async (lifecycle) => {
    const folder = await makeTemporaryFolder();
    lifecycle.add({ close: folder.remove });
    const store = lifecycle.add(await openDirStore({ path: folder.path, clock, log }));
    return { store, kept: () => readTree(folder.path) };
  },
  consul: async (lifecycle) => {
    const consul = await TestConsul.start();
    lifecycle.add({ close: () => consul.stop() });
    const options = { client: consul.client, prefix: 'test/config', clock, log };
    const store = lifecycle.add(await openConsulStore(options));
    // With the index of each key's last change, so that a write of the same shows too.
    return { store, kept: () => consul.get('/kv/test/config?recurse') };
  },
};

const services = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const secrets = '/api/v1/namespaces/default/secrets';
const reviews = virtualServiceObject('reviews', 'v1');
const entry = configObject('ServiceEntry', 'reviews', {
  spec: {
    hosts: ['reviews'],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 9080, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '10.0.0.1' }],
  },
});
const locked: ConfigObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'locked', namespace: 'default' },
  type: 'Opaque',
  data: { a: 'YQ==' },
  immutable: true,
};

interface Refused {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const merge = 'application/merge-patch+json';
const one = `${services}/reviews`;
const withSpec = (spec: object): object => ({ ...reviews, spec });
const stale = { ...reviews, metadata: { ...reviews.metadata, resourceVersion: '1' } };

const refused: readonly Refused[] = [
  { what: 'a broken body', method: 'POST', path: services, status: 400, body: '{"spec":' },
  { what: 'a body for another kind', method: 'POST', path: services, status: 400, body: entry },
  { what: 'an object that exists', method: 'POST', path: services, status: 409, body: reviews },
  {
    what: 'an unknown field',
    method: 'PUT',
    path: `${one}?fieldValidation=Strict`,
    status: 400,
    body: withSpec({ hosts: ['reviews'], htp: [] }),
  },
  {
    what: 'a rule that is broken',
    method: 'PUT',
    path: one,
    status: 422,
    body: withSpec({ hosts: ['reviews'], http: [{ timeout: 'soon' }] }),
  },
  { what: 'an old version', method: 'PUT', path: one, status: 409, body: stale },
  {
    what: 'another name than that of the path',
    method: 'PUT',
    path: `${services}/other`,
    status: 400,
    body: reviews,
  },
  {
    what: 'a patch that breaks a rule',
    method: 'PATCH',
    path: one,
    status: 422,
    type: merge,
    body: { spec: { http: [{ timeout: 'soon' }] } },
  },
  {
    what: 'a patch of an old version',
    method: 'PATCH',
    path: one,
    status: 409,
    type: merge,
    body: { metadata: { resourceVersion: '1' }, spec: { exportTo: ['.'] } },
  },
  {
    what: 'a JSON patch whose second step fails',
    method: 'PATCH',
    path: one,
    status: 422,
    type: 'application/json-patch+json',
    body: [
      { op: 'replace', path: '/spec/hosts/0', value: 'other' },
      { op: 'remove', path: '/spec/nothing' },
    ],
  },
  {
    what: 'a patch of a type that is not served',
    method: 'PATCH',
    path: one,
    status: 415,
    type: 'application/strategic-merge-patch+json',
    body: {},
  },
  {
    what: 'an apply that takes fields from others',
    method: 'PATCH',
    path: `${one}?fieldManager=other`,
    status: 409,
    type: 'application/apply-patch+yaml',
    body: withSpec({ hosts: ['elsewhere'], http: [{ route: [{ destination: { host: 'x' } }] }] }),
  },
  {
    what: 'a change of what is immutable',
    method: 'PUT',
    path: `${secrets}/locked`,
    status: 422,
    body: { ...locked, data: { a: 'Yg==' } },
  },
  { what: 'a deletion of what is not there', method: 'DELETE', path: `${services}/x`, status: 404 },
  {
    what: 'a deletion of another incarnation',
    method: 'DELETE',
    path: one,
    status: 409,
    body: { preconditions: { uid: 'other' } },
  },
  {
    what: 'a write from elsewhere',
    method: 'DELETE',
    path: one,
    status: 403,
    headers: { 'x-forwarded-for': '172.18.0.9' },
  },
  {
    what: 'a write with a wrong token',
    method: 'DELETE',
    path: services,
    status: 401,
    headers: { authorization: 'Bearer none' },
  },
  {
    what: 'a body that is too large',
    method: 'POST',
    path: services,
    status: 413,
    body: { ...reviews, spec: { hosts: ['x'.repeat(4 * 1024 * 1024)] } },
  },
  {
    what: 'a body that reaches for a prototype',
    method: 'PATCH',
    path: one,
    status: 400,
    type: merge,
    body: '{"spec":{"__proto__":{"hosts":["x"]}}}',
  },
  { what: 'a dry run', method: 'DELETE', path: `${one}?dryRun=All`, status: 200 },
];

for (const [engine, open] of Object.entries(engines)) {
  describe(`a refused write to the ${engine} store`, () => {
    const lifecycle = new Lifecycle();
    let opened: Opened;
    let url: string;
    let ads: AdsServer;
    let stopWatching = (): void => undefined;
    const events: StoreEvent[] = [];

    before(async () => {
      opened = await open(lifecycle);
      const { store } = opened;
      for (const object of [entry, reviews, locked]) await store.create(object);
      const pipeline = lifecycle.add(
        new Pipeline({
          catalog: noCatalog,
          resources: store.resources,
          domain: 'service.consul',
          mesh: {},
          clock,
          log,
        }),
      );
      pipeline.start();
      ads = lifecycle.add(new AdsServer({ source: pipeline, log }));
      const server = await ads.listen('127.0.0.1:0');
      const proxy = lifecycle.add(
        new LightProxy({ server, id: 'reviews.default', address: '10.0.0.1' }),
      );
      const http = lifecycle.add(
        createHttpServer({
          store,
          names: new WatchedCell(),
          ready: () => true,
          debug: {},
          access: defaultPolicy,
          clock,
          log,
        }),
      );
      url = await http.listen({ host: '127.0.0.1', port: 0 });
      await until('the proxy to be synced', () => proxy.isSynced());
      await ads.whenSynced();
      stopWatching = store.watch(store.list().version, (event) => events.push(event));
    });
    after(async () => {
      stopWatching();
      await lifecycle.close();
    });

    /** The store, what is kept of it, and what proxies have been sent. */
    async function state(): Promise<unknown> {
      const { store, kept } = opened;
      return structuredClone([store.list(), await kept(), ads.counters(), events]);
    }

    for (const { what, method, path, status, body, type, headers = {} } of refused) {
      it(`changes nothing: ${what}`, async () => {
        const before = await state();
        const resources = opened.store.resources.current();
        const response = await fetch(url + path, {
          method,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
          },
          ...(body === undefined
            ? {}
            : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const answer = await response.text();
        assert.equal(response.status, status, answer);
        assert.deepEqual(await state(), before);
        // What the pipeline reads is the very same value, so that proxies cannot be sent anything later on either.
        assert.equal(opened.store.resources.current(), resources);
      });
    }

    it('would have shown a change', async () => {
      const before = await state();
      const routes = ads.counters().types.route.acks;
      const response = await fetch(url + one, { method: 'DELETE' });
      await response.arrayBuffer();
      assert.equal(response.status, 200);
      await until(
        'the proxy to be sent other routes',
        () => ads.counters().types.route.acks > routes,
      );
      assert.notDeepEqual(await state(), before);
    });
  });
}
