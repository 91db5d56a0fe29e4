import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, makeTemporaryFolder } from '../test/support/folders.ts';
import { resourcesOf } from '../test/support/mesh-fixture.ts';
import { makeConfigFolder } from './config-folder.ts';
import { readMeshFile } from './mesh-file.ts';

const read = readMeshFile(
  'm',
  'services: { a: { port: 1 }, b: { port: 2, versions: { x: {}, y: {} } } }',
);

describe('the folder of the rules', () => {
  let folder: TemporaryFolder;

  before(async () => {
    folder = await makeTemporaryFolder();
  });

  after(() => folder.remove());

  it('begins with an example that is right, once it is uncommented', async () => {
    assert.ok(read.ok);
    const path = await makeConfigFolder(join(folder.path, 'rules'), read.file);
    assert.ok(path !== undefined);
    const text = await readFile(path, 'utf8');
    const example = text.slice(text.indexOf('# apiVersion')).replaceAll(/^# ?/gm, '');
    assert.deepEqual(
      [resourcesOf(text), resourcesOf(example).map(({ kind, key }) => `${kind} ${key.name}`)],
      [[], ['DestinationRule b', 'VirtualService b']],
    );
  });

  it('is left as it is when it has something', async () => {
    assert.ok(read.ok);
    const path = join(folder.path, 'rules');
    await rm(join(path, 'rules.yaml'));
    await writeFile(join(path, 'mine.yaml'), '');
    assert.equal(await makeConfigFolder(path, read.file), undefined);
    assert.deepEqual(await readdir(path), ['mine.yaml']);
  });
});
