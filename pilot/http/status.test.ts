import assert from 'node:assert/strict';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import type { Reach } from '../ads/reconciliation.ts';

const one = '/apis/networking.istio.io/v1/namespaces/default/virtualservices/reviews';
const merge = 'application/merge-patch+json';

describe('the status subresource', () => {
  let server: ApiServer;
  const reach: Reach = { ready: 1, all: 2, isTaken: true };
  beforeEach(async () => {
    server = await startApiServer({
      reconciliation: { reachOf: () => reach, subscribe: () => () => undefined },
    });
    await server.store.create(virtualServiceObject('reviews', 'v1'));
  });
  afterEach(() => server.close());

  const ask: ApiServer['ask'] = (...request) => server.ask(...request);

  it('is read with the object', async () => {
    const { body } = await ask('GET', `${one}/status`);
    assert.deepEqual(
      [body, body['status']],
      [
        (await ask('GET', one)).body,
        {
          observedGeneration: 1,
          conditions: [{ type: 'Reconciled', status: 'False', message: '1/2 proxies up to date.' }],
        },
      ],
    );
  });

  it('is checked like every write, and nothing of it is kept', async () => {
    const { body: shown } = await ask('GET', one);
    const { items: before } = server.store.list();
    const status = { conditions: [{ type: 'Mine', status: 'True' }] };
    const metadata = shown['metadata'] as object;
    const answers = [
      await ask('PUT', `${one}/status`, { ...shown, status }),
      await ask('PUT', `${one}/status`, { ...shown, spec: { hosts: ['other'] } }),
      await ask('PATCH', `${one}/status`, { status }, merge),
      await ask(
        'PATCH',
        `${one}/status?fieldManager=me`,
        { status, metadata: { name: 'reviews' } },
        'application/apply-patch+yaml',
      ),
      await ask('PUT', `${one}/status`, {
        ...shown,
        metadata: { ...metadata, resourceVersion: '1' },
      }),
      await ask('PUT', `${one}/status`, { ...shown, metadata: { ...metadata, name: 'other' } }),
      await ask('PATCH', `${one}/status`, { metadata: { uid: 'other' } }, merge),
      await ask('PATCH', `${one}/status`, { status }, 'text/plain'),
      await ask('PUT', `${one.replace('reviews', 'none')}/status`, shown),
    ];
    const warning = '299 - "status: is written by pilot alone: what was sent of it is not kept"';
    assert.deepEqual(
      answers.map((answer) => [answer.status, answer.warning]),
      [
        ...Array.from({ length: 4 }, () => [200, warning]),
        ...[409, 400, 409, 415, 404].map((code) => [code, undefined]),
      ],
    );
    assert.deepEqual(
      [answers.slice(0, 4).map(({ body }) => body), server.store.list().items],
      [Array.from({ length: 4 }, () => shown), before],
    );
  });

  it('is one of namespaces, and none of Secrets', async () => {
    const namespace = await ask('GET', '/api/v1/namespaces/default/status');
    const secret = await ask('GET', '/api/v1/namespaces/default/secrets/a/status');
    const { body } = await ask('GET', '/api/v1');
    const names = (body['resources'] as readonly { readonly name: string }[]).map(
      ({ name }) => name,
    );
    assert.deepEqual(
      [namespace.body['status'], secret.status, names],
      [
        { phase: 'Active' },
        404,
        ['events', 'secrets', 'configmaps', 'namespaces', 'namespaces/status'],
      ],
    );
  });
});
