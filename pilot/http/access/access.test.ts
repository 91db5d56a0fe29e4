import assert from 'node:assert/strict';
import { startApiServer, type ApiServer } from '../../../test/support/api-server.ts';
import { virtualServiceObject } from '../../../test/support/config-objects.ts';
import { systemClock } from '../../../kit/clock.ts';
import { WatchedCell } from '../../../kit/watched.ts';
import type { ConfigObject } from '../../api/resource.ts';
import { type AccessPolicy, defaultPolicy } from './access.ts';
import type { AuditLog } from './audit.ts';
import { type TokenSet, parseTokenFile } from './token-file.ts';

const services = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const filters = '/apis/networking.istio.io/v1alpha3/namespaces/default/envoyfilters';
const secrets = '/api/v1/namespaces/default/secrets';
const tokens = { read: 'r'.repeat(16), write: 'w'.repeat(16), admin: 'a'.repeat(16) } as const;

const secret: ConfigObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'password', namespace: 'default' },
  type: 'Opaque',
  data: { password: Buffer.from('hunter2').toString('base64') },
};

function tokenSet(...wanted: readonly (keyof typeof tokens)[]): TokenSet {
  const lines = wanted.map(
    (role) => `- { name: ${role}er, role: ${role}, token: ${tokens[role]} }`,
  );
  const parsed = parseTokenFile('tokens.yaml', `tokens:\n${lines.join('\n')}\n`);
  assert.ok(parsed.ok);
  return parsed.tokens;
}

function policyWithTokens(changes: Partial<AccessPolicy> = {}): AccessPolicy {
  const cell = new WatchedCell<TokenSet>();
  cell.set(tokenSet('read', 'write', 'admin'));
  return { ...defaultPolicy, tokens: cell, ...changes };
}

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address of the peer. */
  readonly from?: string;
}

interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(server: ApiServer, request: Ask): Promise<Told> {
  const { method = 'GET', url, body, token, from = '127.0.0.1', headers = {} } = request;
  const { statusCode, payload } = await server.inject({
    method,
    url,
    remoteAddress: from,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const isJson = payload.startsWith('{') || payload.startsWith('[');
  return { status: statusCode, body: isJson ? (JSON.parse(payload) as Told['body']) : {} };
}

describe('access to the configuration API', () => {
  let server: ApiServer;
  afterEach(() => server.close());

  const reviews = virtualServiceObject('reviews', 'v1');
  const status = async (request: Ask): Promise<number> => (await ask(server, request)).status;

  /** What callers may do, one after the other: read, list Secrets, write, write a filter, see the inside, ask for names. */
  const tries: readonly Ask[] = [
    { url: services },
    { url: secrets },
    { url: `${services}/other`, method: 'DELETE' },
    { url: `${filters}/other`, method: 'DELETE' },
    { url: '/debug' },
    { url: '/mesh/v1/names' },
    { url: '/healthz/ready' },
  ];
  const tryAll = async (who: Partial<Ask>): Promise<string> => {
    const statuses = [];
    for (const request of tries) statuses.push(await status({ ...request, ...who }));
    return statuses.join(' ');
  };

  it('without tokens: this machine may do everything, others may read', async () => {
    server = await startApiServer();
    assert.deepEqual(
      [await tryAll({}), await tryAll({ from: '172.18.0.9' })],
      ['200 200 404 404 200 503 200', '200 403 403 403 200 503 200'],
    );
  });

  it('says what to do to somebody who may not write', async () => {
    server = await startApiServer();
    const told = await ask(server, {
      method: 'PUT',
      url: `${services}/reviews`,
      body: reviews,
      from: '172.18.0.9',
    });
    assert.deepEqual(told, {
      status: 403,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message:
          'virtualservices.networking.istio.io "reviews" is forbidden: User "system:anonymous" cannot update resource ' +
          '"virtualservices" in API group "networking.istio.io" in the namespace "default": without a token this API ' +
          'lets others only read, and no Secrets, and 172.18.0.9 is not this machine; ask from the machine of the mesh ' +
          '(http://localhost:8080), or over https with a token whose role is write (docs/access.md)',
        reason: 'Forbidden',
        details: { group: 'networking.istio.io', kind: 'virtualservices', name: 'reviews' },
        code: 403,
      },
    });
  });

  it('goes by the role of the token, wherever it comes from', async () => {
    server = await startApiServer({ access: policyWithTokens({ remoteRole: 'none' }) });
    const from = '172.18.0.9';
    assert.deepEqual(
      [
        await tryAll({ from, token: tokens.read }),
        await tryAll({ from, token: tokens.write }),
        await tryAll({ from, token: tokens.admin }),
        await tryAll({ from }),
        await tryAll({ from, token: 'x'.repeat(16) }),
        // Also on this machine a token is what counts, once it is sent.
        await tryAll({ token: tokens.read }),
        await tryAll({ headers: { authorization: 'Basic YTpi' } }),
      ],
      [
        '200 403 403 403 200 503 200',
        '200 200 404 403 200 503 200',
        '200 200 404 404 200 503 200',
        '401 401 401 401 401 503 200',
        '401 401 401 401 401 401 401',
        '200 403 403 403 200 503 200',
        '401 401 401 401 401 401 401',
      ],
    );
  });

  it('lets nobody pass for somebody else, nor believe that it did', async () => {
    server = await startApiServer();
    const told = [];
    for (const headers of [
      { 'impersonate-user': 'jane' },
      { 'impersonate-group': 'ops' },
      { 'impersonate-extra-scopes': 'view' },
    ]) {
      for (const request of [
        { url: services },
        { url: services, method: 'POST' as const, body: reviews },
      ]) {
        const { status: code, body } = await ask(server, { ...request, headers });
        told.push([code, String(body['message']).split(' at the cluster scope')[0]]);
      }
    }
    const refused = (what: string, name: string): readonly unknown[] => [
      403,
      `${what} "${name}" is forbidden: User "system:anonymous" cannot impersonate resource "${what}" in API group ""`,
    ];
    const all = [refused('users', 'jane'), refused('groups', 'ops'), refused('userextras', 'view')];
    assert.deepEqual([told, server.store.list().items], [all.flatMap((one) => [one, one]), []]);
  });

  it('ends the watches of a token that is taken away, and no others', async () => {
    const held = new WatchedCell<TokenSet>();
    held.set(tokenSet('read', 'write'));
    server = await startApiServer({ access: { ...defaultPolicy, tokens: held } });
    const watch = async (token: string): Promise<Response> =>
      fetch(`${server.url}${services}?watch=true`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const [read, written] = [await watch(tokens.read), await watch(tokens.write)];
    held.set(tokenSet('write'));
    assert.equal(await read.text(), '');
    await server.store.create(reviews);
    let first = '';
    for await (const line of written.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      first = line;
      break;
    }
    assert.match(first, /"type":"ADDED"/);
  });

  it('judges what the router found, however the path is written', async () => {
    server = await startApiServer();
    const paths = [
      '/api/v1/namespaces/default/%73ecrets',
      '/api/v1/%73ecrets',
      '/api/v1/secrets?watch=true',
      '/api/v1/secrets?watch=false&watch=1',
      '/api/v1/namespaces/default/secrets/password',
      '/%61pi/v1/namespaces/default/secrets/password',
      '/api/v1/namespaces/%64efault/secrets/password',
    ];
    const statuses = await Promise.all(paths.map((url) => status({ url, from: '172.18.0.9' })));
    const odd = ['/api//v1/secrets', '/api/v1/Secrets', '/api/v1/secrets/', '/api/v1/./secrets'];
    const oddStatuses = await Promise.all(odd.map((url) => status({ url, from: '172.18.0.9' })));
    assert.deepEqual(
      statuses,
      paths.map(() => 403),
    );
    assert.ok(
      oddStatuses.every((code) => code === 403 || code === 404),
      oddStatuses.join(),
    );
  });

  it('refuses before it reads the body, and changes nothing', async () => {
    server = await startApiServer();
    const before = server.store.list();
    const body = 'x'.repeat(4 * 1024 * 1024);
    const statuses = await Promise.all([
      status({ method: 'POST', url: services, body, from: '172.18.0.9' }),
      status({ method: 'POST', url: services, body: '{', from: '172.18.0.9' }),
      status({ method: 'POST', url: services, body: reviews, from: '172.18.0.9' }),
      status({ method: 'PATCH', url: `${services}/reviews`, body: {}, from: '172.18.0.9' }),
      status({ method: 'DELETE', url: services, from: '172.18.0.9' }),
      status({ method: 'POST', url: '/api/v1/namespaces', body: {}, from: '172.18.0.9' }),
      status({ method: 'POST', url: '/debug', body: {}, from: '172.18.0.9' }),
    ]);
    assert.deepEqual([statuses, server.store.list()], [statuses.map(() => 403), before]);
  });

  it('tells callers who they are and what they may do', async () => {
    server = await startApiServer({ access: policyWithTokens() });
    const review = (kind: string, group: string, spec: object, who: Partial<Ask>): Promise<Told> =>
      ask(server, {
        method: 'POST',
        url: `/apis/${group}/v1/${kind.toLowerCase()}s`,
        body: { apiVersion: `${group}/v1`, kind, spec },
        ...who,
      });
    const can = async (verb: string, resource: string, who: Partial<Ask>): Promise<unknown> => {
      const group = resource === 'secrets' ? '' : 'networking.istio.io';
      const spec = { resourceAttributes: { verb, resource, group } };
      const { body } = await review('SelfSubjectAccessReview', 'authorization.k8s.io', spec, who);
      return (body['status'] as { readonly allowed: unknown }).allowed;
    };
    const remote = { from: '172.18.0.9' };
    const reader = { token: tokens.read };
    const writer = { token: tokens.write };
    assert.deepEqual(
      [
        [await can('create', 'virtualservices', {}), await can('get', 'secrets', {})],
        [await can('create', 'virtualservices', remote), await can('list', 'gateways', remote)],
        [await can('delete', 'gateways', reader), await can('get', 'secrets', reader)],
        [await can('get', 'secrets', writer), await can('create', 'envoyfilters', writer)],
      ],
      [
        [true, true],
        [false, true],
        [false, false],
        [true, false],
      ],
    );
    const self = await review('SelfSubjectReview', 'authentication.k8s.io', {}, writer);
    const rules = await review('SelfSubjectRulesReview', 'authorization.k8s.io', {}, remote);
    assert.deepEqual(self.body['status'], {
      userInfo: {
        username: 'writeer',
        groups: ['system:authenticated', 'mesh:write'],
        extra: { 'mesh.composemesh.dev/address': ['127.0.0.1'] },
      },
    });
    const { resourceRules } = rules.body['status'] as {
      readonly resourceRules: readonly { readonly resources: readonly string[] }[];
    };
    assert.ok(!resourceRules.some(({ resources }) => resources.includes('secrets')));
  });

  describe('with an audit log', () => {
    const lines: string[] = [];
    const audit: AuditLog = { write: (line) => void lines.push(line), close: () => undefined };
    beforeEach(() => lines.splice(0));

    it('records who wrote what, and who was refused, and nothing of the content', async () => {
      const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
      server = await startApiServer({ audit, clock, access: policyWithTokens() });
      const headers = { 'user-agent': 'kubectl/v1.32.4' };
      const write = (method: Ask['method'], url: string, more: Partial<Ask> = {}): Promise<Told> =>
        ask(server, { method: method ?? 'GET', url, headers, ...more });
      const generated = { ...reviews, metadata: { generateName: 'x-', namespace: 'default' } };
      await write('POST', `${secrets}?fieldManager=me`, { body: secret, token: tokens.write });
      await write('POST', secrets, { body: { ...secret, data: { password: 'hunter2!' } } });
      await write('POST', services, { body: generated });
      await write('DELETE', `${secrets}/password`, { from: '172.18.0.9' });
      await write('DELETE', `${secrets}/password`, { token: 'x'.repeat(16) });
      await write('DELETE', `${secrets}/password`, { token: tokens.admin });
      await write('GET', secrets);
      await write('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { body: {} });
      const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      assert.deepEqual(
        events.map(({ verb, user, sourceIPs, objectRef, responseStatus }) => {
          const { username } = user as { readonly username: string };
          const { name = '' } = objectRef as { readonly name?: string };
          const answer = Object.values(responseStatus as object).join(' ');
          return [verb, username, ...(sourceIPs as []), name.replace(/^x-.*/, 'x-'), answer].join(
            ', ',
          );
        }),
        [
          'create, writeer, 127.0.0.1, password, 201',
          'create, system:anonymous, 127.0.0.1, password, 422 Invalid',
          'create, system:anonymous, 127.0.0.1, x-, 201',
          'delete, system:anonymous, 172.18.0.9, password, 403 Forbidden',
          'delete, , 127.0.0.1, password, 401 Unauthorized',
          'delete, adminer, 127.0.0.1, password, 200',
        ],
      );
      const { auditID, ...first } = events[0] ?? {};
      assert.match(String(auditID), /^[0-9a-f-]{36}$/);
      assert.deepEqual(first, {
        kind: 'Event',
        apiVersion: 'audit.k8s.io/v1',
        level: 'Metadata',
        stage: 'ResponseComplete',
        requestURI: `${secrets}?fieldManager=me`,
        verb: 'create',
        user: { username: 'writeer', groups: ['system:authenticated', 'mesh:write'] },
        sourceIPs: ['127.0.0.1'],
        userAgent: 'kubectl/v1.32.4',
        objectRef: {
          resource: 'secrets',
          namespace: 'default',
          name: 'password',
          apiVersion: 'v1',
        },
        responseStatus: { code: 201 },
        requestReceivedTimestamp: '2026-01-02T03:04:05.678000Z',
        stageTimestamp: '2026-01-02T03:04:05.678000Z',
      });
      const all = lines.join('\n');
      for (const value of ['hunter2', Buffer.from('hunter2').toString('base64'), tokens.write]) {
        assert.ok(!all.includes(value), value);
      }
    });
  });
});
