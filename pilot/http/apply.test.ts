import assert from 'node:assert/strict';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';

const root = '/apis/networking.istio.io/v1/namespaces/default';
const path = `${root}/virtualservices/reviews`;

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly fieldsV1: object;
}

interface Body {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly object[] };
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly Entry[];
  };
  readonly spec?: object;
  readonly data?: object;
  readonly type?: string;
}

interface Answer {
  readonly status: number;
  readonly body: Body;
}

describe('server-side apply over HTTP', () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await startApiServer();
  });
  afterEach(() => server.close());

  async function send(method: string, url: string, type: string, body: unknown): Promise<Answer> {
    const response = await fetch(server.url + url, {
      method,
      headers: { 'content-type': `application/${type}`, 'user-agent': 'tester/1.0' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }
  const apply = (manager: string, object: object, more = '', url = path): Promise<Answer> =>
    send('PATCH', `${url}?fieldManager=${manager}${more}`, 'apply-patch+yaml', object);
  const merge = (patch: object): Promise<Answer> =>
    send('PATCH', `${path}?fieldManager=edit`, 'merge-patch+json', patch);
  const reviews = virtualServiceObject('reviews', 'v1');
  const managersOf = ({ body }: Answer): readonly string[] =>
    (body.metadata.managedFields ?? [])
      .map(({ manager, operation }) => `${manager} ${operation}`)
      .sort();

  it('creates, merges, and removes what is no longer applied', async () => {
    const labelled = { ...reviews, metadata: { ...reviews.metadata, labels: { a: '1' } } };
    const created = await apply('one', labelled);
    const again = await apply('one', labelled);
    const other = await apply('two', {
      apiVersion: reviews.apiVersion,
      kind: reviews.kind,
      metadata: { name: 'reviews', labels: { b: '1' } },
    });
    const less = await apply('one', reviews);
    assert.deepEqual(
      [
        created.status,
        again.status,
        again.body,
        other.body.metadata.labels,
        less.body.metadata.labels,
        managersOf(less),
      ],
      [201, 200, created.body, { a: '1', b: '1' }, { b: '1' }, ['one Apply', 'two Apply']],
    );
  });

  it('refuses to change what is somebody else’s, and says whose', async () => {
    await apply('one', reviews);
    await merge({ spec: { exportTo: ['*'] } });
    const v2 = virtualServiceObject('reviews', 'v2');
    const wanted = { ...v2, spec: { ...(v2.spec as object), exportTo: ['.'] } };
    const refused = await apply('two', wanted);
    const single = await apply('one', {
      ...reviews,
      spec: { ...(reviews.spec as object), exportTo: ['.'] },
    });
    const forced = await apply('two', wanted, '&force=true');
    assert.deepEqual(
      [
        refused.status,
        refused.body.message,
        refused.body.details,
        single.body.message,
        forced.status,
        forced.body.spec,
        forced.body.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
      ],
      [
        409,
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.http\nconflicts with "edit" using networking.istio.io/v1:\n- .spec.exportTo',
        {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.http' },
            {
              reason: 'FieldManagerConflict',
              message: 'conflict with "edit" using networking.istio.io/v1',
              field: '.spec.exportTo',
            },
          ],
        },
        'Apply failed with 1 conflict: conflict with "edit" using networking.istio.io/v1: .spec.exportTo',
        200,
        wanted.spec,
        [
          ['one', { 'f:spec': { 'f:hosts': {} } }],
          ['two', { 'f:spec': { 'f:exportTo': {}, 'f:hosts': {}, 'f:http': {} } }],
        ],
      ],
    );
  });

  it('lets kubectl take over what it applied from the client side', async () => {
    const key = 'kubectl.kubernetes.io/last-applied-configuration';
    const applied = {
      ...reviews,
      metadata: { ...reviews.metadata, annotations: { [key]: JSON.stringify(reviews) } },
    };
    const query = 'fieldManager=kubectl-client-side-apply';
    await send('POST', `${root}/virtualservices?${query}`, 'json', applied);
    const v2 = virtualServiceObject('reviews', 'v2');
    const refused = await apply('other', v2);
    const taken = await apply('kubectl', v2);
    const note = JSON.parse(taken.body.metadata.annotations?.[key] ?? '') as Body;
    assert.deepEqual(
      [refused.status, taken.status, taken.body.spec, note.spec],
      [409, 200, v2.spec, v2.spec],
    );
  });

  it('takes corrected managed fields, and forgets them when asked', async () => {
    const { body } = await apply('one', reviews);
    const { resourceVersion = '', managedFields = [] } = body.metadata;
    const renamed = managedFields.map((entry) => ({ ...entry, manager: 'renamed' }));
    const patched = await send('PATCH', path, 'json-patch+json', [
      { op: 'replace', path: '/metadata/managedFields', value: renamed },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ]);
    const raced = await send('PATCH', path, 'json-patch+json', [
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ]);
    const reset = await merge({ metadata: { managedFields: [{}] } });
    const edited = await merge({ spec: { exportTo: ['*'] } });
    assert.deepEqual(
      [managersOf(patched), raced.status, managersOf(reset), managersOf(edited)],
      [['renamed Apply'], 409, [], []],
    );
  });

  it('owns items of the lists that have keys in Istio’s CRDs', async () => {
    const entry = (ports: readonly object[]): object => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'api' },
      spec: { hosts: ['api.example.com'], resolution: 'DNS', ports },
    });
    const http = { name: 'http', number: 80, protocol: 'HTTP' };
    const url = `${root}/serviceentries/api`;
    await apply('one', entry([http]), '', url);
    const tls = { name: 'tls', number: 443, protocol: 'TLS' };
    const both = await apply('two', entry([tls]), '', url);
    const { ports } = both.body.spec as { readonly ports: readonly object[] };
    assert.deepEqual([both.status, ports], [200, [http, tls]]);
  });

  it('applies Secrets with plain text, without owning the type it did not name', async () => {
    const url = '/api/v1/namespaces/default/secrets/pair';
    const secret = (stringData: object): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pair' },
      stringData,
    });
    const created = await apply('one', secret({ a: 'x', b: 'y' }), '', url);
    const less = await apply('one', secret({ a: 'x' }), '', url);
    assert.deepEqual(
      [created.body.type, less.body.data, less.body.metadata.managedFields?.[0]?.fieldsV1],
      ['Opaque', { a: 'eA==' }, { 'f:data': { 'f:a': {} } }],
    );
  });

  it('judges what is applied as any other write', async () => {
    const typo = { ...reviews, spec: { hosts: ['reviews'], http: [{ rout: [] }] } };
    const wrong = { ...reviews, spec: { hosts: ['reviews'], http: 5 } };
    const strict = await apply('one', typo, '&fieldValidation=Strict');
    const invalid = await apply('one', wrong);
    const nameless = await send('PATCH', path, 'apply-patch+yaml', reviews);
    const stale = await apply('one', {
      ...reviews,
      metadata: { ...reviews.metadata, resourceVersion: '5' },
    });
    const other = await apply('one', virtualServiceObject('ratings', 'v1'));
    assert.deepEqual(
      [strict, invalid, nameless, stale, other].map(({ status, body }) => [status, body.reason]),
      [
        [422, 'Invalid'],
        [422, 'Invalid'],
        [422, 'Invalid'],
        [404, 'NotFound'],
        [400, 'BadRequest'],
      ],
    );
    assert.match(
      strict.body.message ?? '',
      /strict decoding error: unknown field "spec.http\[0\].rout"/,
    );
    assert.deepEqual(server.store.list().items, []);
  });

  it('writes nothing in a dry run', async () => {
    const created = await apply('one', reviews, '&dryRun=All');
    assert.deepEqual(
      [created.status, managersOf(created), server.store.list().items],
      [201, ['one Apply'], []],
    );
  });

  it('lets several apply at once, none of them lost', async () => {
    const labels = ['a', 'b', 'c', 'd', 'e'];
    const answers = await Promise.all(
      labels.map((label) =>
        apply(label, { ...reviews, metadata: { name: 'reviews', labels: { [label]: 'yes' } } }),
      ),
    );
    const [stored] = server.store.list().items;
    assert.deepEqual(
      [
        answers.map(({ status }) => status).sort(),
        Object.keys(stored?.metadata.labels ?? {}).sort(),
      ],
      [[200, 200, 200, 200, 201], labels],
    );
  });

  it('writes down who creates and updates', async () => {
    const created = await send('POST', `${root}/virtualservices`, 'json', reviews);
    const edited = await merge({ spec: { exportTo: ['*'] } });
    const same = await merge({ spec: { exportTo: ['*'] } });
    assert.deepEqual(
      [managersOf(created), managersOf(edited), same.body],
      [['tester Update'], ['edit Update', 'tester Update'], edited.body],
    );
  });

  it('keeps immutable data as they are', async () => {
    const url = '/api/v1/namespaces/default/configmaps';
    const config = (body: object): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'fixed' },
      ...body,
    });
    await send('POST', url, 'json', config({ data: { a: '1' }, immutable: true }));
    const answers = [
      await send('PUT', `${url}/fixed`, 'json', config({ data: { a: '2' }, immutable: true })),
      await send('PATCH', `${url}/fixed`, 'merge-patch+json', { immutable: false }),
      await apply('one', config({ data: { b: '1' } }), '', `${url}/fixed`),
      await send('PATCH', `${url}/fixed`, 'merge-patch+json', { metadata: { labels: { a: 'b' } } }),
    ];
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.message]),
      [
        [
          422,
          'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set; delete the object and create it anew',
        ],
        [
          422,
          'ConfigMap "fixed" is invalid: immutable: Forbidden: field is immutable when `immutable` is set; delete the object and create it anew',
        ],
        [
          422,
          'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set; delete the object and create it anew',
        ],
        [200, undefined],
      ],
    );
  });
});
