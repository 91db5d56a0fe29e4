import assert from 'node:assert/strict';
import {
  type ClientFixture,
  type Said,
  openClientFixture,
} from '../../test/support/client-fixture.ts';
import { configObject, virtualServiceObject } from '../../test/support/config-objects.ts';
import { recordTerminal } from '../../test/support/recorded-terminal.ts';
import { until } from '../../test/support/until.ts';
import { type GetCommand, getObjects } from './get.ts';
import { asTable } from './object-table.ts';
import { readSelection } from './selection.ts';
import { discoverKinds } from './served-kinds.ts';
import { watchObjects } from './watch.ts';

describe('cmesh get', () => {
  let fixture: ClientFixture;

  beforeEach(async () => {
    fixture = await openClientFixture();
    const { store } = fixture.server;
    await store.create(virtualServiceObject('reviews', 'v1'));
    const labelled = virtualServiceObject('ratings', 'v1', 'shop');
    const labels = { team: 'shop' };
    await store.create({ ...labelled, metadata: { ...labelled.metadata, labels } });
    const spec = { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }] };
    await store.create(configObject('DestinationRule', 'reviews', { spec }));
  });

  afterEach(() => fixture.close());

  const plain = {
    namespace: 'default',
    table: { isWide: false, withLabels: false, withHeaders: true },
    withManagers: false,
    ignoreNotFound: false,
  } as const;

  async function commandFor(words: string, changes: Partial<GetCommand> = {}): Promise<GetCommand> {
    const selections = readSelection(words.split(' '), await discoverKinds(fixture.pilot));
    return { selections, ...plain, ...changes };
  }

  /** Ages are not compared. */
  async function get(words: string, changes: Partial<GetCommand> = {}): Promise<Said> {
    const command = await commandFor(words, changes);
    const said = await fixture.say((terminal) => getObjects(fixture.pilot, command, terminal));
    return { ...said, out: said.out.map((line) => line.replace(/\b\d+s(?=$| {3})/, '0s')) };
  }

  it('shows tables with the columns of pilot, whatever the kind is called', async () => {
    const table = [
      'NAME      GATEWAYS   HOSTS         AGE',
      'reviews              ["reviews"]   0s',
    ];
    for (const name of [
      'vs',
      'virtualservice',
      'VirtualServices',
      'virtualservices.networking.istio.io',
      'vs/reviews',
      'virtualservice reviews',
    ]) {
      assert.deepEqual(await get(name), { code: 0, out: table, errors: [] }, name);
    }
  });

  it('shows several kinds, all namespaces and labels', async () => {
    const table = { isWide: false, withLabels: true, withHeaders: false };
    assert.deepEqual(
      [
        (await get('vs,dr')).out,
        (await get('vs', { namespace: undefined, table })).out,
        (await get('istio-io', { labelSelector: 'team=shop', namespace: 'shop' })).out.slice(1),
      ],
      [
        [
          'NAME                                         GATEWAYS   HOSTS         AGE',
          'virtualservice.networking.istio.io/reviews              ["reviews"]   0s',
          '',
          'NAME                                          HOST      AGE',
          'destinationrule.networking.istio.io/reviews   reviews   0s',
        ],
        [
          'default   reviews      ["reviews"]   0s   <none>',
          'shop      ratings      ["ratings"]   0s   team=shop',
        ],
        ['virtualservice.networking.istio.io/ratings              ["ratings"]   0s'],
      ],
    );
  });

  it('prints objects that can be applied again: one by itself, several as a List', async () => {
    const one = await get('vs reviews', { format: 'json' });
    const list = await get('vs,dr', { format: 'json' });
    const yaml = await get('dr reviews', { format: 'yaml' });
    const parsed = [one, list].map(
      ({ out }) => JSON.parse(out.join('\n')) as Record<string, unknown>,
    );
    assert.deepEqual(
      [
        parsed.map(({ kind, apiVersion }) => `${String(apiVersion)} ${String(kind)}`),
        (parsed[1]?.['items'] as readonly { readonly kind: string }[]).map(({ kind }) => kind),
        yaml.out.slice(0, 3),
        (await get('all', { format: 'name' })).out,
      ],
      [
        ['networking.istio.io/v1 VirtualService', 'v1 List'],
        ['VirtualService', 'DestinationRule'],
        ['apiVersion: networking.istio.io/v1', 'kind: DestinationRule', 'metadata:'],
        [
          'virtualservice.networking.istio.io/reviews',
          'destinationrule.networking.istio.io/reviews',
        ],
      ],
    );
  });

  it('copes with a kind that has no table and no watch', async () => {
    const none = { code: 0, out: [], errors: ['No resources found in default namespace.'] };
    assert.deepEqual(await get('events'), none);
    const command = await commandFor('events');
    const signal = AbortSignal.timeout(10_000);
    const options = { isOnly: false, withEvents: false };
    await assert.rejects(
      watchObjects(
        fixture.pilot,
        { ...command, ...options },
        { terminal: recordTerminal(''), signal },
      ),
      { code: 'E_USAGE', message: 'events cannot be watched' },
    );
    const { rows, columnDefinitions } = asTable({
      kind: 'EventList',
      items: [{ kind: 'Event', metadata: { name: 'one' } }],
    });
    assert.deepEqual(
      [columnDefinitions, rows.map(({ cells }) => cells)],
      [[{ name: 'Name' }], [['one']]],
    );
  });

  it('names what is not there, and shows the rest', async () => {
    const missing = 'virtualservices.networking.istio.io "nope" not found';
    const both = await get('vs reviews nope');
    assert.deepEqual(
      [
        [both.code, both.out.length, both.errors],
        await get('vs/nope', { format: 'yaml' }),
        await get('vs/nope', { ignoreNotFound: true }),
        await get('se'),
        await get('se', { namespace: undefined }),
      ],
      [
        [1, 2, [missing]],
        { code: 1, out: [], errors: [missing] },
        { code: 0, out: [], errors: [] },
        { code: 0, out: [], errors: ['No resources found in default namespace.'] },
        { code: 0, out: [], errors: ['No resources found'] },
      ],
    );
  });

  it('says which name may be meant, or in which namespace the object is', async () => {
    const shown = 'virtualservices.networking.istio.io';
    assert.deepEqual(
      [(await get('vs review')).errors, (await get('vs ratings')).errors],
      [
        [`${shown} "review" not found; did you mean "reviews"?`],
        [`${shown} "ratings" not found; there is one in namespace shop: add -n shop`],
      ],
    );
  });

  it('refuses words that name nothing, and says what is meant', async () => {
    const kinds = await discoverKinds(fixture.pilot);
    const wrong = ['virtualservce', 'vs/a b', 'vs/', 'all/x', 'istio-io/x'];
    const messages = wrong.map((words) => {
      try {
        return readSelection(words.split(' '), kinds);
      } catch (error) {
        return (error as Error).message;
      }
    });
    assert.deepEqual(messages, [
      'the mesh has no kind "virtualservce": did you mean virtualservice?',
      '"b" is not KIND/NAME, such as virtualservice/reviews, as the other arguments are',
      '"vs/" is not KIND/NAME, such as virtualservice/reviews, as the other arguments are',
      '"all" means several kinds: name one',
      '"istio-io" means several kinds: name one',
    ]);
    await assert.rejects(get('vs reviews', { namespace: undefined }), { code: 'E_USAGE' });
  });

  it('lists more than one page', async () => {
    const { store } = fixture.server;
    for (let index = 0; index < 520; index += 1) {
      await store.create(virtualServiceObject(`many-${index}`, 'v1', 'many'));
    }
    const [table, names] = [
      await get('vs', { namespace: 'many' }),
      await get('vs', { namespace: 'many', format: 'name' }),
    ];
    assert.deepEqual([table.out.length, new Set(names.out).size], [521, 520]);
  });

  it('watches: what is there, then every change, with widths that grow', async () => {
    const { store } = fixture.server;
    const command = await commandFor('vs');
    const controller = new AbortController();
    const terminal = recordTerminal();
    const watching = fixture.server.nextWatch();
    const ended = watchObjects(
      fixture.pilot,
      { ...command, isOnly: false, withEvents: true },
      { terminal, signal: controller.signal },
    );
    await watching;
    await store.create(virtualServiceObject('details-of-the-shop', 'v1'));
    await store.create(virtualServiceObject('elsewhere', 'v1', 'shop'));
    await store.replace(virtualServiceObject('reviews', 'v2'));
    await store.delete({
      group: 'networking.istio.io',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'reviews',
    });
    await until('the deletion', () => terminal.printed().includes('DELETED'));
    controller.abort();
    assert.equal(await ended, 0);
    assert.deepEqual(
      terminal
        .printed()
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/\d+s$/, '0s')),
      [
        'EVENT   NAME      GATEWAYS   HOSTS         AGE',
        'ADDED   reviews              ["reviews"]   0s',
        'ADDED   details-of-the-shop              ["details-of-the-shop"]   0s',
        'MODIFIED   reviews                          ["reviews"]               0s',
        'DELETED    reviews                          ["reviews"]               0s',
      ],
    );
  });

  it('waits for a pilot that goes away during a watch, and goes on where it was', async () => {
    const { store } = fixture.server;
    const command = await commandFor('vs reviews', { format: 'name' });
    const controller = new AbortController();
    const terminal = recordTerminal();
    const watching = fixture.server.nextWatch();
    const { signal } = controller;
    const ended = watchObjects(
      fixture.pilot,
      { ...command, isOnly: true, withEvents: false },
      { terminal, signal },
    );
    await watching;
    await fixture.pause();
    await until('the gap', () => terminal.complained().includes('waiting'));
    await store.replace(virtualServiceObject('reviews', 'v3'));
    await fixture.resume();
    await until('the change', () => terminal.printed() !== '');
    controller.abort();
    await ended;
    assert.deepEqual(
      [terminal.printed(), terminal.complained()],
      [
        'virtualservice.networking.istio.io/reviews\n',
        'pilot does not answer: waiting for it\npilot answers again\n',
      ],
    );
  });
});
