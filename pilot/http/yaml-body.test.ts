import assert from 'node:assert/strict';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import type { StatusBody } from './api-error.ts';

const rules = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';

describe('a body in YAML', () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await startApiServer();
  });
  afterEach(() => server.close());

  async function send(
    [method, url, type]: readonly ['POST' | 'PUT' | 'PATCH', string, string],
    payload: string,
  ): Promise<{ readonly status: number; readonly message?: string }> {
    const headers = { 'content-type': `application/${type}` };
    const { statusCode, payload: text } = await server.inject({ method, url, headers, payload });
    const { message } = JSON.parse(text) as StatusBody;
    return { status: statusCode, ...(message === undefined ? {} : { message }) };
  }

  it('creates, replaces and applies', async () => {
    const path = `${rules}/reviews`;
    const steps = [
      [['POST', rules, 'yaml'], 'v1'],
      [['PUT', path, 'yaml; charset=utf-8'], 'v2'],
      [['PATCH', `${path}?fieldManager=ci&force=true`, 'apply-patch+yaml'], 'v3'],
    ] as const;
    const seen: unknown[] = [];
    for (const [request, subset] of steps) {
      const answer = await send(request, `# why\n---\n${virtualServiceYaml('reviews', subset)}`);
      const [stored] = server.store.list().items;
      seen.push([answer, stored?.spec]);
    }
    const spec = (subset: string): unknown => virtualServiceObject('reviews', subset).spec;
    assert.deepEqual(seen, [
      [{ status: 201 }, spec('v1')],
      [{ status: 200 }, spec('v2')],
      [{ status: 200 }, spec('v3')],
    ]);
  });

  it('is one object, and says where it is none', async () => {
    const one = virtualServiceYaml('reviews', 'v1');
    const request = ['POST', rules, 'yaml'] as const;
    const answers = [
      await send(request, `${one}---\n${one}`),
      await send(request, 'kind: VirtualService\n\tspec: {}\n'),
      await send(request, 'metadata: *meta\n'),
      await send(request, '- '.repeat(60_000)),
      await send(request, `${one}#${'-'.repeat(128 * 1024)}\n`),
    ];
    assert.deepEqual(answers, [
      {
        status: 400,
        message: 'a second object begins at line 14, column 1 of the body; send each by itself',
      },
      {
        status: 400,
        message: 'the body is not YAML: line 2, column 1: Tabs are not allowed as indentation',
      },
      {
        status: 400,
        message:
          'the body is not YAML: line 1, column 1: Unresolved alias (the anchor must be set before the alias): meta',
      },
      {
        status: 400,
        message: 'the body is not YAML: line 1, column 400: is nested more than 100 levels deep',
      },
      {
        status: 413,
        message:
          'the body is longer than 131072 characters, which is the most for YAML; send it as JSON',
      },
    ]);
    assert.deepEqual(server.store.list().items, []);
  });
});
