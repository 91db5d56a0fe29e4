import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { badRequest, notFound } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import type { Target } from './object-request.ts';
import {
  apiRoots,
  inVersion,
  keyOfTarget,
  readFlag,
  readIncludeObject,
  readObjectTarget,
  readQuery,
  readTarget,
  subjectOf,
} from './object-request.ts';
import { watchObjects } from './object-watch.ts';
import { parseSelector } from './selector.ts';
import type { Streams } from './streams.ts';
import type { Table } from './table.ts';
import { buildTable, wantsTable } from './table.ts';

/** Get, list and watch of every kind. */
export function serveObjectReads(
  app: FastifyInstance,
  deps: HttpServerDeps,
  streams: Streams,
): void {
  const list = (request: FastifyRequest, reply: FastifyReply): unknown =>
    readFlag(request, 'watch')
      ? watchObjects(request, reply, { deps, streams })
      : listObjects(request, deps);
  for (const root of apiRoots) {
    app.get(`${root}/:plural`, list);
    app.get(`${root}/namespaces/:namespace/:plural`, list);
    app.get(`${root}/namespaces/:namespace/:plural/:name`, (request) => getObject(request, deps));
  }
}

function getObject(request: FastifyRequest, deps: HttpServerDeps): unknown {
  const target = readObjectTarget(request);
  const object = deps.store.get(keyOfTarget(target));
  if (object === undefined) throw notFound(subjectOf(target, target.name));
  const shown = inVersion(object, target);
  if (!wantsTable(request.headers.accept)) return shown;
  const { resourceVersion = '' } = object.metadata;
  return tableOf(request, target, { objects: [shown], metadata: { resourceVersion }, deps });
}

function listObjects(request: FastifyRequest, deps: HttpServerDeps): unknown {
  const target = readTarget(request);
  const { definition, namespace, version } = target;
  const { group, kind } = definition;
  const filter = { group, kind, ...(namespace === undefined ? {} : { namespace }) };
  const selects = parseSelector(
    readQuery(request, 'labelSelector'),
    readQuery(request, 'fieldSelector'),
  );
  const stored = deps.store.list(filter);
  const selected = stored.items.filter(({ metadata }) => selects(metadata));
  const page = takePage(selected, readQuery(request, 'limit'), readQuery(request, 'continue'));
  const objects = page.objects.map((object) => inVersion(object, target));
  const metadata = { resourceVersion: stored.version, ...page.metadata };
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

interface Page {
  readonly objects: readonly ConfigObject[];
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number };
}

/** One page of a list. The token names the last object before the next page, so it survives changes. */
function takePage(objects: readonly ConfigObject[], limit: string, token: string): Page {
  const size = limit === '' ? 0 : Number(limit);
  if (!Number.isInteger(size) || size < 0) throw badRequest(`invalid limit ${limit}`);
  const after = token === '' ? '' : Buffer.from(token, 'base64url').toString();
  const rest = after === '' ? objects : objects.filter((object) => placeOf(object) > after);
  if (size === 0 || rest.length <= size) return { objects: rest, metadata: {} };
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return {
    objects: page,
    metadata: {
      continue: Buffer.from(last === undefined ? '' : placeOf(last)).toString('base64url'),
      remainingItemCount: rest.length - size,
    },
  };
}

/** Sorts as the store does. */
function placeOf({ metadata }: ConfigObject): string {
  return `${metadata.namespace}\0${metadata.name}`;
}
