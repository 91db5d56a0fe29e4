import assert from 'node:assert/strict';
import {
  type ClientFixture,
  type Said,
  openClientFixture,
} from '../../test/support/client-fixture.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { type DeleteCommand, deleteObjects } from './delete.ts';

describe('cmesh delete', () => {
  let fixture: ClientFixture;

  beforeEach(async () => {
    fixture = await openClientFixture();
    const { store } = fixture.server;
    for (const name of ['reviews', 'ratings', 'details']) {
      const object = virtualServiceObject(name, 'v1');
      const labels = { stage: name === 'details' ? 'live' : 'test' };
      await store.create({ ...object, metadata: { ...object.metadata, labels } });
    }
    await store.create(virtualServiceObject('reviews', 'v1', 'shop'));
  });

  afterEach(() => fixture.close());

  function remove(words: string, changes: Partial<DeleteCommand> = {}): Promise<Said> {
    const command: DeleteCommand = {
      words: words === '' ? [] : words.split(' '),
      files: { places: [], isRecursive: false },
      isAll: false,
      isEverywhere: false,
      dryRun: 'none',
      ignoreNotFound: false,
      ...changes,
    };
    return fixture.say((terminal) => deleteObjects(fixture.pilot, command, terminal));
  }

  function left(): readonly string[] {
    return fixture.server.store
      .list()
      .items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  }

  const shown = 'virtualservice.networking.istio.io';

  it('takes what is named, and says what is not there', async () => {
    const said = await remove('vs reviews nope ratings');
    assert.deepEqual(
      [said, left(), (await remove('vs/nope', { ignoreNotFound: true })).code],
      [
        {
          code: 1,
          out: [`${shown} "reviews" deleted`, `${shown} "ratings" deleted`],
          errors: [`${shown} "nope" not found in namespace default`],
        },
        ['default/details', 'shop/reviews'],
        0,
      ],
    );
  });

  it('takes what labels select, or all of a kind, here or everywhere', async () => {
    const tried = await remove('vs', { selector: 'stage=test', dryRun: 'server' });
    const everything = left().length;
    const selected = await remove('vs', { selector: 'stage=test', format: 'name' });
    const rest = left();
    const all = await remove('istio-io', { isAll: true, isEverywhere: true });
    assert.deepEqual(
      [tried.out, everything, selected.out, rest, all.code, left()],
      [
        [
          `${shown} "ratings" deleted (server dry run)`,
          `${shown} "reviews" deleted (server dry run)`,
        ],
        4,
        [`${shown}/ratings`, `${shown}/reviews`],
        ['default/details', 'shop/reviews'],
        0,
        [],
      ],
    );
  });

  it('says once that there is nothing to delete, whatever the number of kinds', async () => {
    const all = { isAll: true };
    const said = [await remove('gw', all), await remove('vs,gw', all), await remove('vs,gw', all)];
    assert.deepEqual(
      said.map(({ out, errors }) => [out.length, errors]),
      [
        [0, ['No gateways found']],
        [3, []],
        [0, ['No resources found']],
      ],
    );
  });

  it('takes what files name, even where the file is wrong in other ways', async () => {
    const wrong = virtualServiceYaml('reviews', 'v1', 'shop').replace('subset', 'subst');
    const path = await fixture.file('a.yaml', wrong);
    const files = { places: [path], isRecursive: false };
    assert.deepEqual(
      [await remove('', { files }), await remove('', { files })],
      [
        { code: 0, out: [`${shown} "reviews" deleted`], errors: [] },
        { code: 1, out: [], errors: [`${shown} "reviews" not found in namespace shop`] },
      ],
    );
  });

  it('refuses what could mean too much or nothing', async () => {
    const files = { places: ['a.yaml'], isRecursive: false };
    const wrong: readonly (readonly [string, Partial<DeleteCommand>])[] = [
      ['', {}],
      ['vs', {}],
      ['vs', { files }],
      ['vs reviews', { isAll: true }],
      ['vs/reviews', { selector: 'a=b' }],
      ['', { files, isAll: true }],
    ];
    for (const [words, changes] of wrong) {
      await assert.rejects(remove(words, changes), { code: 'E_USAGE' }, words);
    }
    assert.equal(left().length, 4);
  });
});
