import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceYaml } from '../../test/support/config-objects.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../../test/support/folders.ts';
import { linesOf, recordTerminal } from '../../test/support/recorded-terminal.ts';
import { writeFiles } from './write-files.ts';

describe('rules from files', () => {
  let server: ApiServer;
  let folder: TemporaryFolder;

  beforeEach(async () => {
    server = await startApiServer();
    folder = await makeTemporaryFolder();
  });

  afterEach(async () => {
    await server.close();
    await folder.remove();
  });

  interface Said {
    readonly code: number;
    readonly out: readonly string[];
    readonly errors: readonly string[];
  }

  async function write(
    verb: 'apply' | 'delete',
    files: readonly string[],
    { url = server.url, input = '', ignoreNotFound = false } = {},
  ): Promise<Said> {
    const terminal = recordTerminal(input);
    const code = await writeFiles({ verb, files, pilot: { url }, ignoreNotFound }, terminal);
    const errors = linesOf(terminal.complained().replaceAll(`${folder.path}/`, ''));
    return { code, out: linesOf(terminal.printed()), errors };
  }

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder.path, name);
    await writeFile(path, text);
    return path;
  }

  const shown = 'virtualservice.networking.istio.io';

  it('are created, changed, left alone and deleted, in the words of kubectl', async () => {
    const path = await file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    const said = [await write('apply', [path]), await write('apply', [path])];
    await file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    said.push(await write('apply', [path]), await write('delete', [path]));
    said.push(await write('delete', [path]));
    said.push(await write('delete', [path], { ignoreNotFound: true }));
    assert.deepEqual(said, [
      { code: 0, out: [`${shown}/reviews created`], errors: [] },
      { code: 0, out: [`${shown}/reviews unchanged`], errors: [] },
      { code: 0, out: [`${shown}/reviews configured`], errors: [] },
      { code: 0, out: [`${shown} "reviews" deleted`], errors: [] },
      { code: 1, out: [], errors: [`a.yaml:1: ${shown} "reviews" not found`] },
      { code: 0, out: [], errors: [] },
    ]);
  });

  it('may stand in folders and come from standard input', async () => {
    await mkdir(join(folder.path, 'rules'));
    await file('rules/a.yaml', virtualServiceYaml('a', 'v1'));
    await file('rules/b.yml', virtualServiceYaml('b', 'v1'));
    await file('rules/notes.txt', 'no rule');
    const input = virtualServiceYaml('c', 'v1');
    const { out } = await write('apply', [join(folder.path, 'rules'), '-'], { input });
    assert.deepEqual(out, [`${shown}/a created`, `${shown}/b created`, `${shown}/c created`]);
  });

  it('keep what others have noted on an object', async () => {
    const path = await file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    await write('apply', [path]);
    const [stored] = server.store.list().items;
    assert.ok(stored);
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await server.store.replace({ ...stored, metadata: { ...stored.metadata, annotations } });
    await file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    await write('apply', [path]);
    assert.deepEqual(server.store.list().items[0]?.metadata.annotations, annotations);
  });

  it('with mistakes are refused with the place, and the others go through', async () => {
    const wrong = virtualServiceYaml('wrong', 'v1').replace('subset:', 'subst:');
    const mixed = await file('mixed.yaml', `${wrong}---\n${virtualServiceYaml('good', 'v1')}`);
    const broken = await file('broken.yaml', 'spec: [\n');
    const missing = join(folder.path, 'missing.yaml');
    const { code, out, errors } = await write('apply', [mixed, broken, missing]);
    assert.deepEqual(
      { code, out, errors },
      {
        code: 1,
        out: [`${shown}/good created`],
        errors: [
          'E_FIELD_UNKNOWN mixed.yaml:13:20 VirtualService default/wrong: spec.http[0].route[0].destination.subst: unknown field "spec.http[0].route[0].destination.subst"',
          'E_YAML broken.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
          `missing.yaml: ENOENT: no such file or directory, stat '${missing}'`,
        ].map((line) => line.replaceAll(`${folder.path}/`, '')),
      },
    );
  });

  it('are not sent where no pilot answers', async () => {
    const path = await file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    await server.close();
    await assert.rejects(write('apply', [path]), { code: 'E_PILOT_UNREACHABLE' });
    server = await startApiServer();
  });
});
