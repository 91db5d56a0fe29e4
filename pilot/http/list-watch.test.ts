import assert from 'node:assert/strict';
import { HandClock } from '../../test/support/hand-clock.ts';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { readLines, type LineReader } from '../../test/support/lines.ts';
import type { ConfigObject } from '../api/resource.ts';

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';

interface ListBody {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly ConfigObject[];
  readonly reason?: string;
  readonly message?: string;
}

interface Event {
  readonly type: string;
  readonly object: ConfigObject;
}

function named(name: string, labels?: Readonly<Record<string, string>>): ConfigObject {
  const object = virtualServiceObject(name, 'v1');
  return labels === undefined ? object : { ...object, metadata: { ...object.metadata, labels } };
}

async function nextEvent(lines: LineReader): Promise<Event> {
  return JSON.parse((await lines.next()) ?? '') as Event;
}

describe('lists and watches', () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await startApiServer();
  });
  afterEach(() => server.close());

  async function list(
    query: string,
  ): Promise<{ readonly status: number; readonly body: ListBody }> {
    const response = await fetch(`${server.url}${collection}?${query}`);
    return { status: response.status, body: (await response.json()) as ListBody };
  }
  async function watch(query: string): Promise<LineReader> {
    return readLines(await fetch(`${server.url}${collection}?watch=true&${query}`));
  }
  const namesOf = ({ body }: { readonly body: ListBody }): readonly string[] =>
    body.items.map(({ metadata }) => metadata.name);

  it('shows one state on all pages, whatever happens in between', async () => {
    for (const name of ['b', 'c', 'd', 'e']) await server.store.create(named(name));
    const first = await list('limit=2');
    await server.store.create(named('a'));
    await server.store.create(named('f'));
    await server.store.delete({
      group: 'networking.istio.io',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'd',
    });
    await server.store.replace(virtualServiceObject('e', 'v2'));
    const second = await list(`limit=2&continue=${first.body.metadata.continue ?? ''}`);
    const exact = await list(
      `resourceVersion=${first.body.metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    assert.deepEqual(
      [
        namesOf(first),
        first.body.metadata.remainingItemCount,
        namesOf(second),
        second.body.metadata,
        second.body.items[1]?.metadata.generation,
        namesOf(exact),
      ],
      [
        ['b', 'c'],
        2,
        ['d', 'e'],
        { resourceVersion: first.body.metadata.resourceVersion },
        1,
        ['b', 'c', 'd', 'e'],
      ],
    );
  });

  it('says when the state of the first page is lost, and offers to go on without', async () => {
    for (const name of ['b', 'c', 'd']) await server.store.create(named(name));
    const first = await list('limit=1');
    for (let count = 0; count < 25; count += 1) {
      await server.store.replace(virtualServiceObject('b', `v${count}`));
    }
    await server.store.create(named('e'));
    const lost = await list(`limit=1&continue=${first.body.metadata.continue ?? ''}`);
    const rest = await list(`continue=${lost.body.metadata.continue ?? ''}`);
    assert.deepEqual(
      [lost.status, lost.body.reason, namesOf(rest)],
      [410, 'Expired', ['c', 'd', 'e']],
    );
  });

  it('shows an object as it is now, unless the client knows of a later time', async () => {
    await server.store.create(named('b'));
    const { version } = server.store.list();
    const answers = [];
    for (const wanted of ['', '0', version, '1', String(Number(version) + 1e6), 'x']) {
      const response = await fetch(`${server.url}${collection}/b?resourceVersion=${wanted}`);
      const { reason = 'OK' } = (await response.json()) as { readonly reason?: string };
      answers.push(`${response.status} ${reason}`);
    }
    const found = Array.from({ length: 4 }, () => '200 OK');
    assert.deepEqual(answers, [...found, '504 Timeout', '400 BadRequest']);
  });

  it('refuses versions and pages that make no sense', async () => {
    const { version } = server.store.list();
    const future = String(Number(version) + 1e6);
    const statuses = [];
    for (const query of [
      'resourceVersion=x',
      'resourceVersionMatch=Exact',
      'resourceVersion=0&resourceVersionMatch=Exact',
      `resourceVersion=${version}&resourceVersionMatch=Other`,
      `resourceVersion=${future}`,
      `resourceVersion=${version}`,
      'resourceVersion=1&resourceVersionMatch=Exact',
      'continue=nonsense',
      `continue=${Buffer.from('{"v":"meta.k8s.io/v1"}').toString('base64url')}`,
      'limit=-1',
      'watch=true&timeoutSeconds=x',
      'watch=true&sendInitialEvents=true',
      'watch=true&resourceVersion=5&resourceVersionMatch=NotOlderThan',
      'watch=true&resourceVersion=1',
    ]) {
      const { status, body } = await list(query);
      statuses.push(`${status} ${body.reason ?? 'OK'}`);
    }
    assert.deepEqual(statuses, [
      '400 BadRequest',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '504 Timeout',
      '200 OK',
      '410 Expired',
      '400 BadRequest',
      '400 BadRequest',
      '400 BadRequest',
      '400 BadRequest',
      '422 Invalid',
      '422 Invalid',
      '410 Expired',
    ]);
  });

  it('shows what leaves a selection as it was, with the version of the change', async () => {
    await server.store.create(named('a', { app: 'x' }));
    const lines = await watch('labelSelector=app%3Dx');
    await nextEvent(lines);
    const changed = await server.store.replace(named('a', { app: 'y' }));
    const { type, object } = await nextEvent(lines);
    await lines.cancel();
    assert.deepEqual(
      [type, object.metadata.labels, object.metadata.resourceVersion],
      ['DELETED', { app: 'x' }, changed.metadata.resourceVersion],
    );
  });

  it('moves on those who take bookmarks, also past what does not concern them', async () => {
    const lines = await watch('allowWatchBookmarks=true&fieldSelector=metadata.name%3Dother');
    await server.store.create(named('a'));
    for (let count = 1; count < 200; count += 1) {
      await server.store.replace(virtualServiceObject('a', `v${count}-x`));
    }
    const { type, object } = await nextEvent(lines);
    await lines.cancel();
    const { metadata } = object as { readonly metadata: object };
    assert.deepEqual(
      [type, metadata],
      ['BOOKMARK', { resourceVersion: server.store.list().version }],
    );
  });

  it('ends in time, with a last bookmark', async () => {
    const lines = await watch('allowWatchBookmarks=true&timeoutSeconds=1');
    const { type } = await nextEvent(lines);
    assert.deepEqual([type, await lines.next()], ['BOOKMARK', undefined]);
  });

  it('encodes a change once for each form, however many watch', async () => {
    const watchers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        watch(index % 2 === 0 ? '' : 'labelSelector=app%3Dx'),
      ),
    );
    await server.store.create(named('a', { app: 'x' }));
    await server.store.replace(named('a', { app: 'y' }));
    const events = await Promise.all(
      watchers.map(async (lines) => [(await nextEvent(lines)).type, (await nextEvent(lines)).type]),
    );
    const { eventEncodings, linesSent, openStreams } = server.counters();
    await Promise.all(watchers.map((lines) => lines.cancel()));
    assert.deepEqual(
      [events.slice(0, 2), eventEncodings, linesSent, openStreams],
      [
        [
          ['ADDED', 'MODIFIED'],
          ['ADDED', 'DELETED'],
        ],
        3,
        60,
        30,
      ],
    );
  });

  it('deletes a selection and lists what went', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const) {
      await server.store.create(named(name, { app }));
    }
    const url = `${server.url}${collection}?labelSelector=app%3Dx`;
    const remove = async (query: string): Promise<ListBody> =>
      (await (await fetch(url + query, { method: 'DELETE' })).json()) as ListBody;
    const planned = await remove('&dryRun=All');
    const removed = await Promise.all([remove(''), remove('')]);
    assert.deepEqual(
      [
        namesOf({ body: planned }),
        removed.flatMap((body) => namesOf({ body })).sort(),
        server.store.list().items.map(({ metadata }) => metadata.name),
      ],
      [['a', 'c'], ['a', 'c'], ['b']],
    );
  });
});

describe('an idle watch', () => {
  it('is sent a bookmark every minute', async () => {
    const clock = new HandClock();
    const server = await startApiServer({ clock });
    const query = 'watch=true&allowWatchBookmarks=true';
    const lines = readLines(await fetch(`${server.url}${collection}?${query}`));
    clock.elapse(60_000);
    const { type } = await nextEvent(lines);
    await lines.cancel();
    await server.close();
    assert.deepEqual([type, clock.lengths], ['BOOKMARK', [60_000, 60_000]]);
  });
});
