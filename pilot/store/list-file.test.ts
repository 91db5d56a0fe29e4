import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { DirStoreFixture } from '../../test/support/dir-store-fixture.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { keyOf } from '../api/kinds.ts';

const head = `# what kubectl get -o yaml has printed
apiVersion: v1
kind: List
items:
`;

/** An item of a List, as kubectl writes it. */
function itemYaml(name: string, subset: string): string {
  return `- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata:
    name: ${name} # of team ${name}
    namespace: default
  spec:
    hosts:
    - ${name}
    http:
    - route:
      - destination:
          host: ${name}
          subset: ${subset}
`;
}

describe('the dir store, over a List in a file', () => {
  let dir: DirStoreFixture;
  beforeEach(async () => {
    dir = await DirStoreFixture.make();
  });
  afterEach(() => dir.close());
  const read = (name: string): Promise<string> => readFile(dir.path(name), 'utf8');

  it('has the objects in it, and says where the mistakes in them are', async () => {
    const broken = itemYaml('c', 'v1').replace('hosts:', 'host:');
    await dir.write('list.yaml', `${head}${itemYaml('a', 'v1')}${itemYaml('b', 'v1')}${broken}`);
    await dir.write('more.yaml', `---\n${head}${itemYaml('d', 'v1')}${itemYaml('a', 'v2')}`);
    await dir.open();
    assert.deepEqual(
      [dir.inForce(), dir.problems()],
      [
        ['a:v1', 'b:v1', 'd:v1'],
        [
          'E_FIELD_UNKNOWN list.yaml:38:5 VirtualService default/c: spec.host: unknown field "spec.host" (did you mean "hosts"?)',
          'E_DUPLICATE_OBJECT more.yaml:19:1 VirtualService default/a: the object is already in list.yaml, which is in force; remove one of the two',
        ],
      ],
    );
  });

  it('takes a change of an item by hand', async () => {
    await dir.write('list.yaml', `${head}${itemYaml('a', 'v1')}${itemYaml('b', 'v1')}`);
    await dir.open();
    await dir.write('list.yaml', `${head}${itemYaml('a', 'v1')}${itemYaml('b', 'v2')}`);
    await dir.become('a:v1', 'b:v2');
    await dir.write('list.yaml', `${head}${itemYaml('b', 'v2')}`);
    await dir.become('b:v2');
  });

  it('writes a changed object where it stands, and touches nothing else', async () => {
    const list = `${head}${itemYaml('a', 'v1')}${itemYaml('b', 'v1')}`;
    await dir.write('list.yaml', `${virtualServiceYaml('z', 'v1')}---\n${list}`);
    await dir.open();
    await dir.store.replace(virtualServiceObject('b', 'v2'));
    const labelled = virtualServiceObject('a', 'v1');
    await dir.store.replace({
      ...labelled,
      metadata: { ...labelled.metadata, labels: { team: 'x' } },
    });
    const after = list
      .replace(/subset: v1\n$/, 'subset: v2\n')
      .replace('namespace: default\n', 'namespace: default\n    labels:\n      team: x\n');
    assert.deepEqual(
      [await read('list.yaml'), dir.inForce(), dir.problems()],
      [`${virtualServiceYaml('z', 'v1')}---\n${after}`, ['a:v1', 'b:v2', 'z:v1'], []],
    );
  });

  it('takes a deleted object out of it, and the file with the last one', async () => {
    await dir.write('list.yaml', `${head}${itemYaml('a', 'v1')}${itemYaml('b', 'v1')}`);
    await dir.open();
    await dir.store.delete(keyOf(virtualServiceObject('a', 'v1')));
    assert.equal(await read('list.yaml'), `${head}${itemYaml('b', 'v1')}`);
    await dir.store.delete(keyOf(virtualServiceObject('b', 'v1')));
    await assert.rejects(read('list.yaml'), { code: 'ENOENT' });
    assert.deepEqual([dir.inForce(), dir.problems()], [[], []]);
  });

  it('keeps what the mesh has no use for beside what it deletes', async () => {
    const pod = '- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p\n';
    await dir.write('list.yaml', `${head}${itemYaml('a', 'v1')}${pod}`);
    await dir.open();
    await dir.store.delete(keyOf(virtualServiceObject('a', 'v1')));
    await untilValue(dir.store.problems, ([found]) => found?.resource.includes('Pod') === true);
    assert.equal(await read('list.yaml'), `${head}${pod}`);
  });
});
