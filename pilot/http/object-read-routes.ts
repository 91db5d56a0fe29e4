import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { notFound } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import type { Target } from './object-request.ts';
import {
  apiRoots,
  keyOfTarget,
  readFlag,
  readIncludeObject,
  readObjectTarget,
  readTarget,
  subjectOf,
} from './object-request.ts';
import { assertKnown, readVersion } from './list-options.ts';
import { watchObjects, type WatchContext } from './object-watch.ts';
import { readPage } from './pages.ts';
import type { Table } from './table.ts';
import { buildTable, wantsTable } from './table.ts';
import { present } from './present.ts';

/** Get, list and watch of every kind. */
export function serveObjectReads(app: FastifyInstance, context: WatchContext): void {
  const { deps } = context;
  const list = (request: FastifyRequest, reply: FastifyReply): unknown =>
    readFlag(request, 'watch') ? watchObjects(request, reply, context) : listObjects(request, deps);
  for (const root of apiRoots) {
    app.get(`${root}/:plural`, list);
    app.get(`${root}/namespaces/:namespace/:plural`, list);
    for (const object of [`${root}/:plural/:name`, `${root}/namespaces/:namespace/:plural/:name`]) {
      app.get(object, (request) => getObject(request, deps));
    }
  }
}

/** GET of one object. Throws ApiError 404, 400 for a version that is none, and 504 for one that is not reached. */
export function getObject(request: FastifyRequest, deps: HttpServerDeps): unknown {
  const target = readObjectTarget(request);
  const wanted = readVersion(request);
  if (wanted !== '') assertKnown(wanted, deps.store.list(keyOfTarget(target)).version);
  const object = deps.store.get(keyOfTarget(target));
  if (object === undefined) throw notFound(subjectOf(target, target.name));
  const shown = present(deps, object, target);
  if (!wantsTable(request.headers.accept)) return shown;
  const { resourceVersion = '' } = object.metadata;
  return tableOf(request, target, { objects: [shown], metadata: { resourceVersion }, deps });
}

function listObjects(request: FastifyRequest, deps: HttpServerDeps): unknown {
  const target = readTarget(request);
  const { definition, namespace, version } = target;
  const { group, kind } = definition;
  const filter = { group, kind, ...(namespace === undefined ? {} : { namespace }) };
  const page = readPage(request, deps.store, filter);
  const objects = page.objects.map((object) => present(deps, object, target));
  const { metadata } = page;
  if (wantsTable(request.headers.accept)) {
    return tableOf(request, target, { objects, metadata, deps });
  }
  return {
    apiVersion: formatApiVersion(group, version),
    kind: `${kind}List`,
    metadata,
    items: objects,
  };
}

interface TableContent {
  readonly objects: readonly ConfigObject[];
  readonly metadata: object;
  readonly deps: HttpServerDeps;
}

function tableOf(request: FastifyRequest, target: Target, content: TableContent): Table {
  return buildTable(target.definition.columns, content.objects, {
    metadata: content.metadata,
    includeObject: readIncludeObject(request),
    now: content.deps.clock.now(),
    withColumns: true,
  });
}
