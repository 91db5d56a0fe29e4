import assert from 'node:assert/strict';
import { HandClock } from '../../test/support/hand-clock.ts';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { readLines } from '../../test/support/lines.ts';

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

describe('the HTTP server', () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await startApiServer({
      debug: { answer: () => ({ value: 42 }), later: () => Promise.resolve([1]) },
    });
  });
  afterEach(() => server.close());

  async function ask(method: string, path: string, options: object = {}): Promise<Answer> {
    const {
      body,
      type = 'application/json',
      accept = 'application/json',
    } = options as {
      readonly body?: unknown;
      readonly type?: string;
      readonly accept?: string;
    };
    const response = await fetch(server.url + path, {
      method,
      headers: { accept, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const json = (await response.json()) as Answer['body'];
    return { status: response.status, body: json, headers: response.headers };
  }
  const reviews = virtualServiceObject('reviews', 'v1');

  it('tells what it serves, in the old form and in the new one', async () => {
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const [groups, group, version, all] = await Promise.all([
      ask('GET', '/apis'),
      ask('GET', '/apis/networking.istio.io'),
      ask('GET', '/apis/networking.istio.io/v1beta1'),
      ask('GET', '/apis', { accept: `${aggregated},application/json` }),
    ]);
    const resources = version.body['resources'] as readonly { readonly name: string }[];
    assert.deepEqual(
      [
        groups.body['kind'],
        (group.body['preferredVersion'] as { readonly version: string }).version,
        resources.map(({ name }) => name).filter((name) => !name.endsWith('/status')),
        all.body['kind'],
        all.headers.get('content-type')?.replaceAll(/[" ]/g, '').startsWith(aggregated),
      ],
      [
        'APIGroupList',
        'v1',
        [
          'virtualservices',
          'destinationrules',
          'serviceentries',
          'workloadentries',
          'gateways',
          'sidecars',
          'workloadgroups',
          'proxyconfigs',
        ],
        'APIGroupDiscoveryList',
        true,
      ],
    );
  });

  it('sends a schema once to those who keep it', async () => {
    const { body } = await ask('GET', '/openapi/v3');
    const paths = body['paths'] as Readonly<Record<string, { readonly serverRelativeURL: string }>>;
    const url = server.url + (paths['apis/networking.istio.io/v1']?.serverRelativeURL ?? '');
    const first = await fetch(url);
    const etag = first.headers.get('etag') ?? '';
    await first.arrayBuffer();
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    assert.deepEqual(
      [
        first.status,
        url.includes(etag.replace(/^"|(-gzip)?"$/g, '')),
        again.status,
        await again.text(),
      ],
      [200, true, 304, ''],
    );
  });

  it('creates, shows, lists and deletes, in any version of the kind', async () => {
    const created = await ask('POST', collection, { body: reviews });
    const older = collection.replace('/v1/', '/v1alpha3/');
    const shown = await ask('GET', `${older}/reviews`);
    const listed = await ask('GET', '/apis/networking.istio.io/v1beta1/virtualservices');
    const deleted = await ask('DELETE', `${collection}/reviews`);
    const gone = await ask('GET', `${collection}/reviews`);
    const items = listed.body['items'] as readonly { readonly apiVersion: string }[];
    assert.deepEqual(
      [
        created.status,
        shown.body['apiVersion'],
        shown.body['spec'],
        listed.body['kind'],
        items.map(({ apiVersion }) => apiVersion),
        deleted.body['status'],
        gone.status,
        gone.body['message'],
      ],
      [
        201,
        'networking.istio.io/v1alpha3',
        reviews.spec,
        'VirtualServiceList',
        ['networking.istio.io/v1beta1'],
        'Success',
        404,
        'virtualservices.networking.istio.io "reviews" not found',
      ],
    );
  });

  it('pages lists', async () => {
    for (const name of ['a', 'b', 'c']) {
      await server.store.create(virtualServiceObject(name, 'v1'));
    }
    const first = await ask('GET', `${collection}?limit=2`);
    const { continue: token = '' } = first.body['metadata'] as { readonly continue?: string };
    const second = await ask('GET', `${collection}?limit=2&continue=${token}`);
    const names = [first, second].map(({ body }) =>
      (body['items'] as readonly { readonly metadata: { readonly name: string } }[]).map(
        ({ metadata }) => metadata.name,
      ),
    );
    assert.deepEqual(names, [['a', 'b'], ['c']]);
  });

  it('answers with tables whose columns are those of Istio', async () => {
    await server.store.create(reviews);
    const { body } = await ask('GET', `${collection}?includeObject=None`, { accept: table });
    const columns = body['columnDefinitions'] as readonly { readonly name: string }[];
    const [row] = body['rows'] as readonly { readonly cells: readonly unknown[] }[];
    assert.deepEqual(
      [columns.map(({ name }) => name), row?.cells.slice(0, 3), Object.keys(row ?? {})],
      [['Name', 'Gateways', 'Hosts', 'Age'], ['reviews', null, '["reviews"]'], ['cells']],
    );
  });

  it('answers mistakes with a Status that names them', async () => {
    await server.store.create(reviews);
    const path = `${collection}/reviews`;
    const spec = { hosts: ['reviews'], http: [{ timeout: 'soon' }], htp: 1 };
    const known = { hosts: ['reviews'], http: [{ timeout: 'soon' }] };
    const merge = 'application/merge-patch+json';
    const answers = await Promise.all([
      ask('POST', `${collection}?fieldValidation=Strict`, { body: { ...reviews, spec } }),
      ask('POST', collection, { body: { ...reviews, spec: known } }),
      ask('POST', collection, { body: reviews }),
      ask('POST', collection, { body: { ...reviews, kind: 'DestinationRule' } }),
      ask('POST', collection, { body: '{' }),
      ask('POST', collection, { body: '{"__proto__":{}}' }),
      ask('POST', collection, { body: 'x', type: 'text/plain' }),
      ask('POST', collection, { body: `"${'x'.repeat(3 * 1024 * 1024)}"` }),
      ask('PUT', `${collection}/other`, { body: reviews }),
      ask('PATCH', path, { body: { metadata: { resourceVersion: '1' } }, type: merge }),
      ask('PATCH', path, { body: {}, type: 'application/strategic-merge-patch+json' }),
      ask('PATCH', `${path}?fieldValidation=Strict`, { body: { spec: { htp: 1 } }, type: merge }),
      ask('GET', `${collection}?fieldSelector=spec.host%3Da`),
      ask('GET', `${collection}?watch=true&resourceVersion=1`),
      ask('GET', '/apis/networking.istio.io/v1/namespaces/default/ingresses'),
      ask('GET', `${collection}/${'x'.repeat(253)}`),
      ask('DELETE', `${path}?dryRun=Some`),
    ]);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body['kind'], body['reason']]),
      [
        [400, 'Status', 'BadRequest'],
        [422, 'Status', 'Invalid'],
        [409, 'Status', 'AlreadyExists'],
        [400, 'Status', 'BadRequest'],
        [400, 'Status', 'BadRequest'],
        [400, 'Status', 'BadRequest'],
        [415, 'Status', 'UnsupportedMediaType'],
        [413, 'Status', 'RequestEntityTooLarge'],
        [400, 'Status', 'BadRequest'],
        [409, 'Status', 'Conflict'],
        [415, 'Status', 'UnsupportedMediaType'],
        [422, 'Status', 'Invalid'],
        [400, 'Status', 'BadRequest'],
        [410, 'Status', 'Expired'],
        [404, 'Status', 'NotFound'],
        [404, 'Status', 'NotFound'],
        [400, 'Status', 'BadRequest'],
      ],
    );
    const [strict, invalid] = answers;
    assert.equal(
      strict.body['message'],
      'VirtualService in version "v1" cannot be handled as a VirtualService: strict decoding error: unknown field "spec.htp" (did you mean "http"?)',
    );
    assert.deepEqual(invalid.body['details'], {
      name: 'reviews',
      group: 'networking.istio.io',
      kind: 'VirtualService',
      causes: [
        {
          reason: 'FieldValueRequired',
          message: 'Required value: write one of route, redirect, directResponse or delegate',
          field: 'spec.http[0]',
        },
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: "soon": must be a duration such as 1.5s, 200ms or 1h',
          field: 'spec.http[0].timeout',
        },
      ],
    });
  });

  it('does not read what is sent to where there is nothing', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    const answers = await Promise.all(
      [accounts, `${accounts}/default/token`].map((url) =>
        server.inject({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
          payload: Buffer.from('k8s\0'),
        }),
      ),
    );
    const message = 'the server could not find the requested resource';
    assert.deepEqual(
      answers.map(({ statusCode, body }) => [
        statusCode,
        (JSON.parse(body) as Readonly<Record<string, unknown>>)['message'],
      ]),
      [
        [404, message],
        [404, message],
      ],
    );
  });

  it('has a list of events with nothing in it, for clients that ask', async () => {
    const path = '/api/v1/namespaces/default/events';
    const answers = await Promise.all(
      [path, `${path}?watch=true`, `${path}/reviews.1`].map(async (url) => {
        const { statusCode, body } = await server.inject({ method: 'GET', url });
        const { kind, reason, message, items } = JSON.parse(body) as Readonly<
          Record<string, unknown>
        >;
        return [statusCode, kind, reason ?? items, message];
      }),
    );
    assert.deepEqual(answers, [
      [200, 'EventList', [], undefined],
      [
        405,
        'Status',
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
      ],
      [404, 'Status', 'NotFound', 'events "reviews.1" not found'],
    ]);
  });

  it('warns of unknown fields unless it is told to be strict', async () => {
    const { status, headers } = await ask('POST', collection, {
      body: { ...reviews, metadata: { name: 'reviews', lables: {} } },
    });
    assert.deepEqual(
      [status, headers.get('warning')],
      [201, '299 - "unknown field \\"metadata.lables\\" (did you mean \\"labels\\"?)"'],
    );
  });

  it('patches again when somebody else wrote in between', async () => {
    await server.store.create(reviews);
    const labels = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(
      labels.map((label) =>
        ask('PATCH', `${collection}/reviews`, {
          body: { metadata: { labels: { [label]: 'yes' } } },
          type: 'application/merge-patch+json',
        }),
      ),
    );
    const [stored] = server.store.list().items;
    assert.deepEqual(
      [answers.map(({ status }) => status), Object.keys(stored?.metadata.labels ?? {}).sort()],
      [[200, 200, 200, 200], labels],
    );
  });

  it('streams changes, turns selectors into additions and deletions, and ends on time', async () => {
    // Time is up when the test says so, not when a busy machine has not come to the changes yet.
    const clock = new HandClock();
    await server.close();
    server = await startApiServer({ clock });
    await server.store.create(reviews);
    const { version } = server.store.list();
    const query = `watch=true&resourceVersion=${version}&labelSelector=app%3Da&timeoutSeconds=7`;
    const lines = readLines(await fetch(`${server.url}${collection}?${query}`));
    const labelled = (app: string): typeof reviews => ({
      ...reviews,
      metadata: { ...reviews.metadata, labels: { app } },
    });
    await server.store.replace(labelled('a'));
    await server.store.create(virtualServiceObject('other', 'v1'));
    const { metadata } = labelled('a');
    await server.store.replace({ ...virtualServiceObject('reviews', 'v2'), metadata });
    await server.store.replace(labelled('b'));
    clock.elapse(7000);
    const events: string[] = [];
    for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
      const { type, object } = JSON.parse(line) as {
        readonly type: string;
        readonly object: { readonly metadata: { readonly name: string } };
      };
      events.push(`${type} ${object.metadata.name}`);
    }
    assert.deepEqual(events, ['ADDED reviews', 'MODIFIED reviews', 'DELETED reviews']);
  });

  it('begins a watch with what is there, and marks where that ends when asked', async () => {
    await server.store.create(reviews);
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const lines = readLines(await fetch(`${server.url}${collection}?${query}`));
    const events = [await lines.next(), await lines.next()].map(
      (line) =>
        JSON.parse(line ?? '') as {
          readonly type: string;
          readonly object: { readonly metadata: { readonly annotations?: unknown } };
        },
    );
    await lines.cancel();
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata.annotations]),
      [
        ['ADDED', undefined],
        ['BOOKMARK', { 'k8s.io/initial-events-end': 'true' }],
      ],
    );
  });

  it('ends open watches as complete when it closes', async () => {
    const lines = readLines(await fetch(`${server.url}${collection}?watch=true`));
    const names = readLines(await fetch(`${server.url}/mesh/v1/names?watch=true`));
    await server.close();
    assert.deepEqual([await lines.next(), await names.next()], [undefined, undefined]);
  });

  it('shows whether it is ready, and the inside', async () => {
    const answers = await Promise.all(
      ['/healthz/ready', '/debug', '/debug/answer', '/debug/later', '/debug/other'].map(
        async (path) => {
          const response = await fetch(server.url + path);
          return [response.status, (await response.text()).replace(/\s/g, '')];
        },
      ),
    );
    assert.deepEqual(answers.slice(0, 4), [
      [200, 'ok'],
      [200, '["/debug/answer","/debug/later"]'],
      [200, '{"value":42}'],
      [200, '[1]'],
    ]);
    assert.equal(answers[4]?.[0], 404);
  });
});

describe('the HTTP server, before it is told so', () => {
  it('is not ready', async () => {
    const server = await startApiServer({ ready: () => false });
    const { status } = await fetch(`${server.url}/healthz/ready`);
    await server.close();
    assert.equal(status, 503);
  });
});
