import assert from 'node:assert/strict';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../test/support/folders.ts';
import { until } from '../../test/support/until.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { openDirStore } from './dir-store.ts';
import type { ConfigStore } from './store.ts';

const path = '/apis/networking.istio.io/v1/namespaces/default/virtualservices/reviews';
const reviews = virtualServiceObject('reviews', 'v1');
const hidden = '.managed-fields/default/virtualservice-reviews.json';

function ownersOf(object: ConfigObject | undefined): readonly string[] {
  const entries = (object?.metadata.managedFields ?? []) as readonly {
    readonly manager: string;
    readonly fieldsV1: object;
  }[];
  return entries.map(({ manager, fieldsV1 }) => `${manager} ${JSON.stringify(fieldsV1)}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

describe('who owns the fields of objects in files', () => {
  let folder: TemporaryFolder;
  let file: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    file = join(folder.path, 'rules.yaml');
  });
  afterEach(() => folder.remove());

  async function within(action: (store: ConfigStore, url: string) => Promise<void>): Promise<void> {
    const log = createLog('test', 'silent');
    const store = await openDirStore({ path: folder.path, clock: systemClock, log });
    const server = await startApiServer({ store });
    try {
      await action(store, server.url);
    } finally {
      await server.close();
      await store.close();
    }
  }
  async function patch(url: string, query: string, type: string, body: object): Promise<number> {
    const response = await fetch(`${url}${path}?${query}`, {
      method: 'PATCH',
      headers: { 'content-type': `application/${type}` },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }
  const apply = (url: string, manager: string, body: object = reviews): Promise<number> =>
    patch(url, `fieldManager=${manager}`, 'apply-patch+yaml', body);
  const http = '{"f:spec":{"f:hosts":{},"f:http":{}}}';

  it('stays over a restart, and out of the files of people', async () => {
    const text = `# mine\n${virtualServiceYaml('reviews', 'v1')}`;
    await writeFile(file, text);
    await within(async (_store, url) => {
      await apply(url, 'one');
      assert.equal(await apply(url, 'two', virtualServiceObject('reviews', 'v2')), 409);
    });
    await within(async (store) => {
      const names = await readdir(folder.path);
      assert.deepEqual(
        [
          ownersOf(store.get(keyOf(reviews))),
          names.filter((name) => !name.startsWith('.')),
          await readFile(file, 'utf8'),
          await readFile(join(folder.path, '.managed-fields/.gitignore'), 'utf8'),
        ],
        [[`one ${http}`, `before-first-apply ${http}`], ['rules.yaml'], text, '*\n'],
      );
    });
  });

  it('changes with the file', async () => {
    await within(async (store, url) => {
      await apply(url, 'one');
      const own = join(folder.path, 'default/virtualservice-reviews.yaml');
      await writeFile(own, (await readFile(own, 'utf8')).replace('subset: v1', 'subset: v2'));
      const changed = await until('the edit', () => {
        const object = store.get(keyOf(reviews));
        return object?.metadata.generation === 2 ? object : undefined;
      });
      assert.deepEqual(
        [ownersOf(changed), await apply(url, 'one')],
        [['one {"f:spec":{"f:hosts":{}}}', 'config-files {"f:spec":{"f:http":{}}}'], 409],
      );
    });
  });

  it('is kept only of what is applied, and goes with the object', async () => {
    await within(async (store, url) => {
      const place = join(folder.path, hidden);
      await store.create(reviews);
      await patch(url, 'fieldManager=edit', 'merge-patch+json', {
        metadata: { labels: { a: 'b' } },
      });
      const before = await exists(place);
      await apply(url, 'one');
      const applied = await exists(place);
      await store.delete(keyOf(reviews));
      assert.deepEqual([before, applied, await exists(place)], [false, true, false]);
    });
  });

  it('does no harm when it cannot be read', async () => {
    await within(async (_store, url) => {
      await apply(url, 'one');
    });
    await writeFile(join(folder.path, hidden), '{"key":{}');
    await within((store) => {
      assert.deepEqual(
        [store.get(keyOf(reviews))?.spec, ownersOf(store.get(keyOf(reviews)))],
        [reviews.spec, []],
      );
      return Promise.resolve();
    });
  });
});
