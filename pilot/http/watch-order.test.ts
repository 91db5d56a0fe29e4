import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { readLines } from '../../test/support/lines.ts';
import type { ConfigObject } from '../api/resource.ts';
import { openDirStore } from '../store/dir-store.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { ConfigStore } from '../store/store.ts';

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const names = ['a', 'b', 'c', 'd', 'e'];
const last = 'the-end';
const writers = 8;
const writesEach = 40;

/** Numbers from 0 up to 1 that a seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

interface Opened {
  readonly store: ConfigStore;
  readonly close: () => Promise<void>;
}

const logSize = 10_000;

const engines: Readonly<Record<string, () => Promise<Opened>>> = {
  memory: () => {
    const store = createMemoryStore({ clock: systemClock, logSize });
    return Promise.resolve({ store, close: async () => store.close() });
  },
  dir: async () => {
    const folder = await makeTemporaryFolder();
    const log = createLog('test', 'silent');
    const store = await openDirStore({ path: folder.path, clock: systemClock, log, logSize });
    return {
      store,
      close: async () => {
        await store.close();
        await folder.remove();
      },
    };
  },
};

/** One change as a line: what, of what, at which version. */
type Change = string;

function describeChange(type: string, { metadata }: ConfigObject): Change {
  const app = metadata.labels?.['app'] ?? '-';
  return `${metadata.resourceVersion ?? ''} ${type} ${metadata.name} ${app}`;
}

/** Watches until the last object appears; drops the connection after as many lines as `patience` says. */
async function follow(
  url: string,
  from: string,
  patience: () => number,
): Promise<readonly Change[]> {
  const seen: Change[] = [];
  let version = from;
  for (;;) {
    const response = await fetch(`${url}${collection}?watch=true&resourceVersion=${version}`);
    assert.equal(response.status, 200);
    const lines = readLines(response);
    for (let left = patience(); left > 0; left -= 1) {
      const { type, object } = JSON.parse((await lines.next()) ?? '') as {
        readonly type: string;
        readonly object: ConfigObject;
      };
      version = object.metadata.resourceVersion ?? '';
      seen.push(describeChange(type, object));
      if (object.metadata.name === last) {
        await lines.cancel();
        return seen;
      }
    }
    await lines.cancel();
  }
}

async function write(url: string, random: () => number): Promise<number> {
  const name = pick(random, names);
  const object = virtualServiceObject(name, pick(random, ['v1', 'v2', 'v3']));
  const labels = { app: pick(random, ['x', 'y']) };
  const send = async (
    method: string,
    path: string,
    body: object,
    type = 'json',
  ): Promise<number> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': `application/${type}` },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const labelled = { ...object, metadata: { ...object.metadata, labels } };
  const path = `${collection}/${name}`;
  switch (pick(random, ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE'])) {
    case 'POST':
      return send('POST', collection, labelled);
    case 'PUT':
      return send('PUT', path, labelled);
    case 'PATCH':
      return send('PATCH', path, { metadata: { labels } }, 'merge-patch+json');
    case 'APPLY':
      return send('PATCH', `${path}?fieldManager=w&force=true`, labelled, 'apply-patch+yaml');
    default:
      return send('DELETE', path, {});
  }
}

/** Pages through the list while it changes: all pages together must be one state of the store. */
async function readPages(url: string): Promise<void> {
  const pages: string[] = [];
  let token = '';
  let version: string;
  do {
    const response = await fetch(`${url}${collection}?limit=2&continue=${token}`);
    const { metadata, items } = (await response.json()) as {
      readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
      readonly items: readonly ConfigObject[];
    };
    version = metadata.resourceVersion;
    pages.push(...items.map((object) => describeChange('', object)));
    token = metadata.continue ?? '';
  } while (token !== '');
  const query = `resourceVersion=${version}&resourceVersionMatch=Exact`;
  const exact = await fetch(`${url}${collection}?${query}`);
  const { items } = (await exact.json()) as { readonly items: readonly ConfigObject[] };
  assert.deepEqual(
    pages,
    items.map((object) => describeChange('', object)),
  );
}

for (const [engine, open] of Object.entries(engines)) {
  describe(`watchers of the ${engine} store while many write`, () => {
    let opened: Opened;
    let server: ApiServer;
    beforeEach(async () => {
      opened = await open();
      server = await startApiServer({ store: opened.store });
    });
    afterEach(async () => {
      await server.close();
      await opened.close();
    });

    const seed = Number(process.env['SEED'] ?? 1);
    it(`miss, repeat and reorder nothing (seed ${seed})`, async () => {
      const { store } = opened;
      const from = store.list().version;
      const truth: Change[] = [];
      store.watch(from, ({ type, object }) => truth.push(describeChange(type, object)));
      const random = randomFrom(seed);
      const forever = (): number => Infinity;
      const watchers = [
        follow(server.url, from, forever),
        follow(server.url, from, forever),
        follow(server.url, from, () => 1 + Math.floor(random() * 9)),
      ];
      const statuses = await Promise.all(
        Array.from({ length: writers }, async (_, index) => {
          const own = randomFrom(seed + index);
          const answers: number[] = [];
          for (let count = 0; count < writesEach; count += 1) {
            answers.push(await write(server.url, own));
            if (count % 20 === 0) await readPages(server.url);
          }
          return answers;
        }),
      );
      await store.create(virtualServiceObject(last, 'v1'));
      const seen = await Promise.all(watchers);
      for (const changes of seen) assert.deepEqual(changes, truth);
      const versions = truth.map((change) => Number(change.split(' ')[0]));
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((left, right) => left - right),
      );
      const unexpected = statuses.flat().filter((status) => ![200, 201, 404, 409].includes(status));
      assert.deepEqual(unexpected, []);
      assert.ok(truth.length > writesEach, `only ${truth.length} changes`);
    });
  });
}
