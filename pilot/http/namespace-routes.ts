import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isDnsLabel } from '../api/field-rules.ts';
import { ageColumn } from '../api/kind.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { ConfigStore } from '../store/store.ts';
import { badRequest, invalidObject, notFound } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { readIncludeObject, readQuery } from './object-request.ts';
import { parseSelector } from './selector.ts';
import { buildTable, wantsTable } from './table.ts';

const columns = [
  { name: 'Status', type: 'string', description: 'Always Active.', path: 'status.phase' },
  ageColumn,
] as const;

/** Namespaces exist as soon as they are used: every one can be read, and creating one changes nothing. */
export function serveNamespaces(app: FastifyInstance, deps: HttpServerDeps): void {
  app.get('/api/v1/namespaces', (request) => listNamespaces(request, deps));
  app.get<{ Params: { name: string } }>('/api/v1/namespaces/:name', (request) => {
    const { name } = request.params;
    if (!isDnsLabel(name)) throw notFound(subjectOf(name));
    const namespace = describe(name);
    return wantsTable(request.headers.accept) ? tableOf(request, deps, [namespace], {}) : namespace;
  });
  app.post('/api/v1/namespaces', (request, reply) => {
    void reply.code(201);
    return describe(readName(request.body));
  });
  app.patch<{ Params: { name: string } }>('/api/v1/namespaces/:name', ({ params }) =>
    describe(params.name),
  );
}

function listNamespaces(request: FastifyRequest, deps: HttpServerDeps): unknown {
  const { names, version } = namesInUse(deps.store);
  const selects = parseSelector(
    readQuery(request, 'labelSelector'),
    readQuery(request, 'fieldSelector'),
  );
  const items = names.map(describe).filter(({ metadata }) => selects(metadata));
  const metadata = { resourceVersion: version };
  if (wantsTable(request.headers.accept)) return tableOf(request, deps, items, metadata);
  return { kind: 'NamespaceList', apiVersion: 'v1', metadata, items };
}

function namesInUse(store: ConfigStore): {
  readonly names: readonly string[];
  readonly version: string;
} {
  const { items, version } = store.list();
  const used = items.map(({ metadata }) => metadata.namespace);
  return { names: [...new Set(['default', ...used])].sort(), version };
}

function tableOf(
  request: FastifyRequest,
  { clock }: HttpServerDeps,
  namespaces: readonly ConfigObject[],
  metadata: object,
): unknown {
  return buildTable(columns, namespaces, {
    metadata,
    includeObject: readIncludeObject(request),
    now: clock.now(),
    withColumns: true,
  });
}

function describe(name: string): ConfigObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    // A namespace lies in none; the type of metadata is that of objects that lie in one.
    metadata: {
      name,
      labels: { 'kubernetes.io/metadata.name': name },
    } as unknown as ConfigObject['metadata'],
    spec: {},
    status: { phase: 'Active' },
  };
}

function readName(body: unknown): string {
  const name = nameOf(body);
  if (name === undefined) throw badRequest('the body must be a Namespace with metadata.name');
  if (isDnsLabel(name)) return name;
  const message = `Invalid value: ${JSON.stringify(name)}: must be lower-case letters, digits and -`;
  throw invalidObject(subjectOf(name), [
    { code: 'E_FIELD_INVALID', severity: 'error', resource: name, path: 'metadata.name', message },
  ]);
}

function nameOf(body: unknown): string | undefined {
  const { metadata } = (body ?? {}) as { readonly metadata?: { readonly name?: unknown } };
  return typeof metadata?.name === 'string' ? metadata.name : undefined;
}

function subjectOf(name: string): {
  readonly plural: string;
  readonly kind: string;
  readonly group: string;
  readonly name: string;
} {
  return { plural: 'namespaces', kind: 'Namespace', group: '', name };
}
