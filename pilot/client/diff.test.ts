import assert from 'node:assert/strict';
import {
  type ClientFixture,
  type Said,
  openClientFixture,
} from '../../test/support/client-fixture.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { diffFiles } from './diff.ts';

describe('cmesh diff', () => {
  let fixture: ClientFixture;

  beforeEach(async () => {
    fixture = await openClientFixture();
    await fixture.server.store.create(virtualServiceObject('reviews', 'v1'));
  });

  afterEach(() => fixture.close());

  async function diff(text: string): Promise<Said> {
    const places = [await fixture.file('a.yaml', text)];
    return fixture.say((terminal) =>
      diffFiles(fixture.pilot, { files: { places, isRecursive: false } }, terminal),
    );
  }

  it('shows what apply would change, and changes nothing', async () => {
    const before = fixture.server.store.list();
    const same = await diff(virtualServiceYaml('reviews', 'v1'));
    const changed = await diff(virtualServiceYaml('reviews', 'v2'));
    assert.deepEqual(
      [same, changed, fixture.server.store.list().items],
      [
        { code: 0, out: [], errors: [] },
        {
          code: 1,
          out: [
            '--- live virtualservice.networking.istio.io/reviews',
            '+++ a.yaml:1:1 virtualservice.networking.istio.io/reviews',
            '@@ -10,4 +10,4 @@',
            '     - route:',
            '         - destination:',
            '             host: reviews',
            '-            subset: v1',
            '+            subset: v2',
          ],
          errors: [],
        },
        before.items,
      ],
    );
  });

  it('shows new objects whole, and ends with 2 when something is refused', async () => {
    const wrong = virtualServiceYaml('wrong', 'v1').replace('subset', 'subst');
    const { code, out, errors } = await diff(`${virtualServiceYaml('new', 'v1')}---\n${wrong}`);
    assert.deepEqual(
      [code, out.slice(0, 3), out.filter((line) => line.startsWith('-')).length, errors.length],
      [
        2,
        [
          '--- /dev/null',
          '+++ a.yaml:1:1 virtualservice.networking.istio.io/new',
          '@@ -0,0 +1,13 @@',
        ],
        1,
        1,
      ],
    );
  });

  it('does not show the values of Secrets', async () => {
    const secret = (key: string): string =>
      `{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {same: hunter1, key: ${key}}}\n`;
    await fixture.pilot.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/secrets',
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { same: 'hunter1', key: 'hunter2' },
      },
    });
    const { code, out } = await diff(secret('hunter3'));
    assert.deepEqual(
      [
        code,
        out.filter((line) => /^[-+] /.test(line)),
        out.some((line) => /hunter|aHVudGVy/.test(line)),
      ],
      [1, ['-  key: "*** (before)"', '+  key: "*** (after)"'], false],
    );
  });
});
