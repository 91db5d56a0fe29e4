import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { exampleServices } from '../../test/support/analysis-examples.ts';
import {
  type ClientFixture,
  type Said,
  openClientFixture,
} from '../../test/support/client-fixture.ts';
import { virtualServiceYaml } from '../../test/support/config-objects.ts';
import { LiveAnalysis } from '../analysis/live-analysis.ts';
import type { RegisteredService } from '../model/service.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { type ApplyCommand, applyFiles } from './apply.ts';
import { deleteObjects } from './delete.ts';
import { fieldOfWarning } from './file-objects.ts';
import { connectPilot } from './connection.ts';

describe('cmesh apply', () => {
  let fixture: ClientFixture;

  beforeEach(async () => {
    fixture = await openClientFixture();
  });

  afterEach(() => fixture.close());

  function apply(
    places: readonly string[],
    {
      input = '',
      isRecursive = false,
      ...rest
    }: Partial<ApplyCommand> & { readonly input?: string; readonly isRecursive?: boolean } = {},
  ): Promise<Said> {
    const files = { places, isRecursive };
    return fixture.say(
      (terminal) => applyFiles(fixture.pilot, { files, dryRun: 'none', ...rest }, terminal),
      input,
    );
  }

  const shown = 'virtualservice.networking.istio.io';

  it('creates, changes and leaves alone, in the words of kubectl', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    const said = [await apply([path]), await apply([path])];
    await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    said.push(await apply([path]));
    assert.deepEqual(said, [
      { code: 0, out: [`${shown}/reviews created`], errors: [] },
      { code: 0, out: [`${shown}/reviews unchanged`], errors: [] },
      { code: 0, out: [`${shown}/reviews configured`], errors: [] },
    ]);
  });

  it('says what a dry run would do, and keeps nothing', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    const said = [await apply([path], { dryRun: 'server' })];
    const version = fixture.server.store.list().items.length;
    await apply([path]);
    await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    said.push(await apply([path], { dryRun: 'client' }), await apply([path], { dryRun: 'server' }));
    const [stored] = fixture.server.store.list().items;
    assert.deepEqual(
      [version, stored?.metadata.generation, said.map(({ out }) => out)],
      [
        0,
        1,
        [
          [`${shown}/reviews created (server dry run)`],
          [`${shown}/reviews configured (dry run)`],
          [`${shown}/reviews configured (server dry run)`],
        ],
      ],
    );
  });

  it('takes files, folders, folders in them with -R, and standard input', async () => {
    await mkdir(join(fixture.folder.path, 'rules/deeper'), { recursive: true });
    await fixture.file('rules/b.yml', virtualServiceYaml('b', 'v1'));
    await fixture.file('rules/a.yaml', virtualServiceYaml('a', 'v1'));
    await fixture.file(
      'rules/deeper/d.json',
      '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}',
    );
    await fixture.file('rules/notes.txt', 'no rule');
    const rules = join(fixture.folder.path, 'rules');
    const plain = await apply([rules, '-'], { input: virtualServiceYaml('c', 'v1') });
    const deep = await apply([rules], { isRecursive: true });
    assert.deepEqual(
      [plain.out, deep.out],
      [
        [`${shown}/a created`, `${shown}/b created`, `${shown}/c created`],
        ['configmap/d created', `${shown}/a unchanged`, `${shown}/b unchanged`],
      ],
    );
  });

  it('takes what cmesh get -o yaml prints, and Namespaces', async () => {
    const list = `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
  - apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: a, namespace: shop}
    spec: {hosts: [a], http: [{route: [{destination: {host: a, subst: v1}}]}]}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}}
`;
    const path = await fixture.file('list.yaml', list);
    assert.deepEqual(await apply([path]), {
      code: 1,
      out: ['namespace/shop created', 'configmap/c created'],
      errors: [
        'E_FIELD_UNKNOWN list.yaml:8:71 VirtualService shop/a: spec.http[0].route[0].destination.subst: unknown field "spec.http[0].route[0].destination.subst" (did you mean "subset"?)',
        'Warning: list.yaml:9:28: kind: ConfigMap is stored, but not yet in force: proxies get nothing of it',
      ],
    });
  });

  it('keeps what others have noted on an object', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    await apply([path]);
    const { store } = fixture.server;
    const [stored] = store.list().items;
    assert.ok(stored);
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await store.replace({ ...stored, metadata: { ...stored.metadata, annotations } });
    await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    await apply([path]);
    assert.deepEqual(store.list().items[0]?.metadata.annotations, annotations);
  });

  it('refuses what is wrong with its place, and puts the others in force', async () => {
    const wrong = virtualServiceYaml('wrong', 'v1').replace('subset:', 'subst:');
    const mixed = await fixture.file(
      'mixed.yaml',
      `${wrong}---\n${virtualServiceYaml('good', 'v1')}---\n${virtualServiceYaml('kind', 'v1').replace('VirtualService', 'VirtualServce')}---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}\n`,
    );
    const broken = await fixture.file('broken.yaml', 'spec: [\n');
    const missing = join(fixture.folder.path, 'missing.yaml');
    assert.deepEqual(await apply([mixed, broken, missing, 'https://example.com/a.yaml']), {
      code: 1,
      out: [`${shown}/good created`],
      errors: [
        'E_FIELD_UNKNOWN mixed.yaml:13:20 VirtualService default/wrong: spec.http[0].route[0].destination.subst: unknown field "spec.http[0].route[0].destination.subst" (did you mean "subset"?)',
        'E_KIND_UNKNOWN mixed.yaml:30:7 VirtualServce: kind: Invalid value: "networking.istio.io/v1 VirtualServce": is not a kind of the mesh (did you mean "VirtualService"?)',
        'E_KIND_UNKNOWN mixed.yaml:43:29 Deployment: kind: Invalid value: "apps/v1 Deployment": is not a kind of the mesh',
        'E_YAML broken.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
        'missing.yaml: there is no such file',
        'https://example.com/a.yaml: files are read from this machine; fetch it first: curl -fsSL https://example.com/a.yaml | cmesh … -f -',
      ],
    });
  });

  it('shows what pilot warns of, with the place', async () => {
    const text = virtualServiceYaml('reviews', 'v1').replace(
      'host: reviews\n            subset: v1',
      'host: reviews\n            subset: v1\n          headers: {request: {set: {"x y": a}}}',
    );
    assert.match(
      (await apply([await fixture.file('bad.yaml', text)])).errors.join(),
      /^E_FIELD_INVALID bad\.yaml:14:/,
    );
    const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;
    const { code, errors } = await apply([await fixture.file('g.yaml', gateway)]);
    assert.deepEqual(
      [code, errors],
      [
        0,
        [
          'Warning: g.yaml:2:7: kind: Gateway is stored, but not yet in force: proxies get nothing of it',
        ],
      ],
    );
  });

  describe('of objects that belong together', () => {
    const route = (subset: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: ${subset}}}]}]}
`;
    const policy = (subset: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec: {host: web, subsets: [{name: ${subset}, labels: {version: ${subset}}}]}
`;
    const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api}
spec: {hosts: [api.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS, location: MESH_EXTERNAL}
`;
    const codes = ({ errors }: Said): readonly string[] =>
      errors.map((line) => /CM\d{4}/.exec(line)?.[0] ?? line);

    let analysis: LiveAnalysis;

    beforeEach(async () => {
      await fixture.close();
      const store = createMemoryStore({ clock: systemClock });
      const catalog = new WatchedCell<readonly RegisteredService[]>();
      catalog.set(exampleServices);
      analysis = new LiveAnalysis({ store, catalog, domain: 'service.consul', clock: systemClock });
      const debug = { catalog: () => catalog.current() ?? [] };
      fixture = await openClientFixture({ store, analysis, debug });
    });

    afterEach(() => analysis.close());

    it('writes what others refer to first, and warns of the end', async () => {
      const rules = await fixture.file('a-rules.yaml', `${route('v1')}---\n${entry}`);
      const policies = await fixture.file('b-policies.yaml', policy('v1'));
      const [tried, done] = [
        await apply([rules, policies], { dryRun: 'server' }),
        await apply([rules, policies]),
      ];
      const kinds = done.out.map((line) => line.split('.', 1)[0]);
      assert.deepEqual(
        [kinds, tried.errors, done.errors],
        [['serviceentry', 'destinationrule', 'virtualservice'], [], []],
      );
    });

    it('does not warn of what it puts right itself, in whatever order', async () => {
      await apply([await fixture.file('old.yaml', `${policy('v1')}---\n${route('v1')}`)]);
      // The subset goes before the route to it does.
      const both = await fixture.file('new.yaml', `${route('v2')}---\n${policy('v2')}`);
      const [tried, done] = [await apply([both], { dryRun: 'server' }), await apply([both])];
      assert.deepEqual([tried.errors, done.errors], [[], []]);
    });

    it('warns of what is still wrong in the end, dry runs too', async () => {
      const both = await fixture.file('both.yaml', `${route('v3')}---\n${policy('v1')}`);
      const tried = await apply([both], { dryRun: 'server' });
      const done = await apply([both]);
      assert.deepEqual(tried.errors, done.errors);
      const alone = await apply([await fixture.file('one.yaml', route('v4'))]);
      assert.deepEqual([tried, done, alone].map(codes), [['CM0102'], ['CM0102'], ['CM0102']]);
      assert.match(
        done.errors.join(),
        /^Warning: both\.yaml:4:72: CM0102 spec\.http\[0\]\.route\[0\]\.destination\.subset: DestinationRule default\/web .* does not have subset "v3"/,
      );
    });

    it('warns of an object that comes twice only where it counts', async () => {
      const first = await fixture.file('a.yaml', route('v7'));
      const second = await fixture.file('b.yaml', route('v8'));
      for (const dryRun of ['server', 'none'] as const) {
        const { errors } = await apply([first, second], { dryRun });
        assert.deepEqual(
          errors.map((line) => line.replace(/: (VirtualService|no Destination).*/, '')),
          [
            'Warning: b.yaml:1:1',
            'Warning: b.yaml:4:72: CM0102 spec.http[0].route[0].destination.subset',
          ],
          dryRun,
        );
      }
    });

    it('takes away what refers to others first', async () => {
      const both = await fixture.file('both.yaml', `${policy('v1')}---\n${route('v1')}`);
      await apply([both]);
      const { out } = await fixture.say((terminal) =>
        deleteObjects(
          fixture.pilot,
          {
            words: [],
            files: { places: [both], isRecursive: false },
            isAll: false,
            isEverywhere: false,
            dryRun: 'none',
            ignoreNotFound: false,
          },
          terminal,
        ),
      );
      assert.deepEqual(
        out.map((line) => line.split('.', 1)[0]),
        ['virtualservice', 'destinationrule'],
      );
    });
  });

  it('says of an object that stands twice which one counts, and minds no file of comments beside it', async () => {
    const first = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    const second = await fixture.file('b.yaml', virtualServiceYaml('reviews', 'v2'));
    const empty = await fixture.file('empty.yaml', '# nothing yet\n---\n');
    assert.deepEqual(await apply([first, second, empty]), {
      code: 0,
      out: [`${shown}/reviews created`, `${shown}/reviews configured`],
      errors: [
        'Warning: b.yaml:1:1: VirtualService default/reviews stands at a.yaml:1:1 already; what comes last is what counts',
      ],
    });
    assert.deepEqual(await apply([empty]), {
      code: 1,
      out: [],
      errors: ['empty.yaml: there is no object in it'],
    });
  });

  it('says which of apiVersion and kind is missing, and what may be meant', async () => {
    const text = virtualServiceYaml('a', 'v1');
    const untyped = await fixture.file('a.yaml', text.replace(/^apiVersion.*\n/, ''));
    const unkind = await fixture.file('b.yaml', text.replace(/^kind.*\n/m, ''));
    assert.deepEqual((await apply([untyped, unkind])).errors, [
      'E_FIELD_REQUIRED a.yaml:1:1 object: apiVersion: Required value: its apiVersion is networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3',
      'E_FIELD_REQUIRED b.yaml:1:1 object: kind: Required value: write it, such as VirtualService',
    ]);
  });

  it('knows the field of a warning, also after a code of the analysis', () => {
    const warnings = [
      'spec.http[0].mirror: is stored',
      'CM0101 spec.http[0].route[0].destination.host: host "reveiws" is no service',
      'CM0401 DestinationRule default/ratings spec.subsets[1].labels: no instance',
      'unknown field "spec.a"',
    ];
    assert.deepEqual(warnings.map(fieldOfWarning), [
      'spec.http[0].mirror',
      'spec.http[0].route[0].destination.host',
      '',
      '',
    ]);
  });

  it('does not write over what somebody else has written, when the file names a version', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    await apply([path]);
    const [stored] = fixture.server.store.list().items;
    const version = stored?.metadata.resourceVersion ?? '';
    await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v2'));
    await apply([path]);
    const stale = virtualServiceYaml('reviews', 'v3').replace(
      'namespace:',
      `resourceVersion: "${version}"\n  namespace:`,
    );
    const { code, errors } = await apply([await fixture.file('stale.yaml', stale)]);
    assert.equal(code, 1);
    assert.match(
      errors.join('\n'),
      /^stale\.yaml:1:1: .*reviews.*; the file names metadata\.resourceVersion \d+, and reviews has been written since: take that line out/,
    );
  });

  it('puts objects that name no namespace into that of -n, and refuses those of another', async () => {
    const plain = virtualServiceYaml('a', 'v1').replace('  namespace: default\n', '');
    const path = await fixture.file('a.yaml', `${plain}---\n${virtualServiceYaml('b', 'v1')}`);
    const said = await apply([path], { namespace: 'shop' });
    assert.deepEqual(
      [fixture.server.store.list().items.map(({ metadata }) => metadata.namespace), said],
      [
        ['shop'],
        {
          code: 1,
          out: [`${shown}/a created`],
          errors: [
            'Warning: a.yaml:4:3: metadata.namespace: the namespace "shop" is new: it is there as long as something is in it, and stays if it is created',
            'a.yaml:14:1: the object is in namespace "default", and -n says "shop": leave one of them out',
          ],
        },
      ],
    );
  });

  it('prints the objects with -o', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    const [name, json] = [
      await apply([path], { format: 'name' }),
      await apply([path], { format: 'json' }),
    ];
    const object = JSON.parse(json.out.join('\n')) as { readonly kind: string };
    assert.deepEqual([name.out, object.kind], [[`${shown}/reviews`], 'VirtualService']);
  });

  it('ends at once where no pilot answers', async () => {
    const path = await fixture.file('a.yaml', virtualServiceYaml('reviews', 'v1'));
    await fixture.server.close();
    await assert.rejects(apply([path, path]), { code: 'E_PILOT_UNREACHABLE' });
    const pilot = connectPilot({ url: 'http://127.0.0.1:1', source: '--pilot' });
    await assert.rejects(pilot.ask({ path: '/apis' }), {
      message:
        'no pilot answers at http://127.0.0.1:1 (--pilot) (connect ECONNREFUSED 127.0.0.1:1). Is it running there? `cmesh local MESH_FILE`, `npm start` and `docker compose up` start a mesh',
    });
  });
});
