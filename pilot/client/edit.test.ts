import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type ClientFixture,
  type Said,
  openClientFixture,
} from '../../test/support/client-fixture.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { type Editor, editObjects } from './edit.ts';
import { chooseEditor } from './open-editor.ts';

/** What one opening of the editor makes of the text. */
type Change = (text: string) => string | Promise<string>;

describe('cmesh edit', () => {
  let fixture: ClientFixture;
  let shown: string[];
  let path: string;

  beforeEach(async () => {
    fixture = await openClientFixture();
    shown = [];
    await fixture.server.store.create(virtualServiceObject('reviews', 'v1'));
  });

  afterEach(() => fixture.close());

  /** An editor that makes these changes, one at each opening. */
  function editorOf(changes: readonly Change[]): Editor {
    const left = [...changes];
    return async (file) => {
      path = file;
      const text = await readFile(file, 'utf8');
      shown.push(text);
      await writeFile(file, (await left.shift()?.(text)) ?? text);
    };
  }

  function edit(words: string, ...changes: readonly Change[]): Promise<Said> {
    const command = { words: words.split(' '), namespace: 'default' };
    return fixture.say((terminal) =>
      editObjects(fixture.pilot, command, { terminal, editor: editorOf(changes) }),
    );
  }

  function subset(): string {
    const text = JSON.stringify(fixture.server.store.list().items[0]?.spec);
    return /"subset":"([^"]*)"/.exec(text)?.[1] ?? '';
  }

  const label = 'virtualservice.networking.istio.io/reviews';
  const to =
    (version: string): Change =>
    (text) =>
      text.replace(/subset: \S+/, `subset: ${version}`);
  const keep: Change = (text) => text;

  it('shows the object as a person would write it, and writes what is saved', async () => {
    const said = await edit('vs reviews', to('v2'));
    assert.deepEqual(
      [said, subset(), existsSync(dirname(path))],
      [{ code: 0, out: [`${label} edited`], errors: [] }, 'v2', false],
    );
    assert.equal(
      shown[0],
      `# Edit the object below. Comment lines at the top are left out; an empty file, or one without a change, ends the edit.
#
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: default
spec:
  hosts:
    - reviews
  http:
    - route:
        - destination:
            host: reviews
            subset: v1
`,
    );
  });

  it('leaves everything as it is when nothing is changed, or all is deleted', async () => {
    const [{ metadata } = { metadata: undefined }] = fixture.server.store.list().items;
    assert.deepEqual(
      [
        await edit('vs/reviews', keep),
        await edit('vs/reviews', () => '# nothing\n\n'),
        await edit('vs/reviews', (text) => `${text}# a remark\n`),
      ],
      [
        { code: 0, out: [], errors: ['edit cancelled: nothing was changed'] },
        { code: 0, out: [], errors: ['edit cancelled: the file was empty'] },
        { code: 0, out: [`${label} unchanged`], errors: [] },
      ],
    );
    assert.deepEqual(fixture.server.store.list().items[0]?.metadata, metadata);
  });

  it('opens what is refused again, with the reasons and the text as it was typed', async () => {
    const said = await edit(
      'vs reviews',
      (text) => text.replace('subset:', 'subst:').replace('    - reviews', '    - reviews # mine'),
      (text) => text.replace('spec:', 'spec: ['),
      (text) => text.replace('spec: [', 'spec:').replace('subst: v1', 'subset: v3'),
    );
    const heads = shown
      .slice(1)
      .map((text) => text.split('\n').filter((line) => line.startsWith('# *')));
    const wrongLine = shown[1]?.split('\n').findIndex((line) => line.includes('subst: v1'));
    assert.deepEqual(
      [said.code, subset(), heads[0], wrongLine, heads[1]?.length],
      [
        0,
        'v3',
        [
          `# * line ${(wrongLine ?? 0) + 1}: spec.http[0].route[0].destination.subst: unknown field "spec.http[0].route[0].destination.subst" (did you mean "subset"?)`,
        ],
        17,
        1,
      ],
    );
    assert.ok(shown.slice(1).every((text) => text.includes('- reviews # mine')));
  });

  it('keeps the text in a file when somebody gives up', async () => {
    const said = await edit('vs reviews', (text) => text.replace('subset:', 'subst:'), keep);
    const kept = await readFile(path, 'utf8');
    await rm(dirname(path), { recursive: true });
    assert.deepEqual(
      [said, kept.includes('subst: v1'), subset()],
      [
        {
          code: 1,
          out: [],
          errors: [`edit cancelled: nothing was written; your text is kept in ${path}`],
        },
        true,
        'v1',
      ],
    );
  });

  it('shows what somebody else has changed meanwhile, and then writes over it knowingly', async () => {
    const { store } = fixture.server;
    const said = await edit(
      'vs reviews',
      async (text) => {
        await store.replace(virtualServiceObject('reviews', 'v2'));
        return text.replace('subset: v1', 'subset: v3');
      },
      (text) => text.replace(/^(#.*\n)+/, ''),
    );
    const head = shown[1]?.split('\n').filter((line) => line.startsWith('#')) ?? [];
    assert.deepEqual(
      [said.code, subset(), head.filter((line) => /^# [-+] /.test(line))],
      [0, 'v3', ['# -            subset: v1', '# +            subset: v2']],
    );
    assert.ok(head.some((line) => line.includes('somebody else has changed it meanwhile')));
  });

  it('does not make anew what somebody has deleted meanwhile, and keeps the text', async () => {
    const { store } = fixture.server;
    const key = {
      group: 'networking.istio.io',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'reviews',
    };
    const said = await edit(
      'vs reviews',
      async (text) => {
        await store.delete(key);
        return text.replace('subset: v1', 'subset: v3');
      },
      keep,
    );
    await rm(dirname(path), { recursive: true });
    assert.deepEqual([said.code, store.list().items.length], [1, 0]);
    assert.match(shown[1] ?? '', /it has been deleted meanwhile/);
  });

  it('does not change what the object is called, nor take a second one', async () => {
    const said = await edit(
      'vs reviews',
      (text) => text.replace('name: reviews', 'name: ratings'),
      (text) => `${text.replace('name: ratings', 'name: reviews')}---\n{kind: x}\n`,
      keep,
    );
    await rm(dirname(path), { recursive: true });
    assert.equal(said.code, 1);
    assert.match(shown[1] ?? '', /kind, name and namespace cannot be changed/);
    assert.match(shown[2] ?? '', /must have this one object and no other/);
  });

  it('keeps the text when pilot goes away or the editor fails', async () => {
    await assert.rejects(
      edit('vs reviews', async (text) => {
        await fixture.pause();
        return text.replace('subset: v1', 'subset: v3');
      }),
      { code: 'E_PILOT_UNREACHABLE' },
    );
    assert.match(await readFile(path, 'utf8'), /subset: v3/);
    await rm(dirname(path), { recursive: true });
    await fixture.resume();
    await assert.rejects(chooseEditor({ EDITOR: 'exit 3; :' })('file'), {
      code: 'E_EDITOR',
      message:
        'the editor "exit 3; :" ended with exit code 3; EDITOR or VISUAL says which one to use, such as EDITOR=nano or EDITOR="code --wait"',
    });
  });

  it('runs the editor that VISUAL names, with its arguments', async () => {
    const file = await fixture.file('it is.yaml', 'old\n');
    await chooseEditor({ VISUAL: 'sed -i s/old/new/', EDITOR: 'false' })(file);
    assert.equal(await readFile(file, 'utf8'), 'new\n');
  });
});
