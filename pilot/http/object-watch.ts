import type { FastifyReply, FastifyRequest } from 'fastify';
import { splitApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { StoreEvent } from '../store/store.ts';
import type { HttpServerDeps } from './deps.ts';
import type { EventEncoder, EventType } from './event-encoder.ts';
import { assertKnown, readTimeout, readWatchStart } from './list-options.ts';
import { readFlag, readSelector, readTarget, type Target } from './object-request.ts';
import type { LineStream, Streams } from './streams.ts';
import { wantsTable } from './table.ts';
import { WatchConnection } from './watch-connection.ts';
import { isReconciled, reachOf } from './reconciled.ts';
import { readWatchedName, readWatchForm } from './watch-form.ts';

export interface WatchContext {
  readonly deps: HttpServerDeps;
  readonly streams: Streams;
  readonly encoder: EventEncoder;
}

/** Streams changes, one JSON object a line, until the client goes or its time is over. */
export function watchObjects(
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, streams, encoder }: WatchContext,
): FastifyReply {
  const target = readTarget(request);
  const selects = selectorOf(request, target);
  const form = readWatchForm(request, target, deps);
  const timeout = readTimeout(request);
  const start = beginAt(request, deps, target);
  const backlog: StoreEvent[] = [];
  let take = (event: StoreEvent): void => void backlog.push(event);
  // The watch begins before the answer does, so that a version that is too old gives a clean 410.
  const stop = deps.store.watch(start.version, (event) => {
    take(event);
  });
  const stream = streams.start(reply, 'application/json');
  stream.onEnd(stop);
  const withBookmarks = readFlag(request, 'allowWatchBookmarks');
  const connection = new WatchConnection(
    { stream, encoder, form, clock: deps.clock, target, withBookmarks },
    start.version,
  );
  for (const object of start.objects) if (selects(object)) connection.sendInitial(object);
  if (start.isMarked) connection.markInitialEnd();
  take = (event) => {
    forward(event, selects, connection);
  };
  backlog.forEach(take);
  followStatus(request, deps, { stream, connection });
  if (timeout !== undefined) connection.endAfter(timeout);
  return reply;
}

/**
 * Shows the object again when all proxies have got it, or one has not any more. Only who follows a single object is
 * told: a status that went to all who watch would be one change for each proxy, object and write.
 */
function followStatus(
  request: FastifyRequest,
  deps: HttpServerDeps,
  { stream, connection }: { readonly stream: LineStream; readonly connection: WatchConnection },
): void {
  const { definition, namespace } = readTarget(request);
  const name = readWatchedName(request);
  if (name === undefined || namespace === undefined || wantsTable(request.headers.accept)) return;
  const { group, kind } = definition;
  /** What the client was told last; of a version that it knows from elsewhere, nothing good. */
  let told = { version: '', isReconciled: false };
  const look = (): void => {
    const object = deps.store.get({ group, kind, namespace, name });
    const reach = object === undefined ? undefined : reachOf(deps, object, definition);
    if (object === undefined || reach === undefined) return;
    const { resourceVersion: version = '' } = object.metadata;
    const before = told.version === version && told.isReconciled;
    told = { version, isReconciled: isReconciled(reach) };
    if (told.isReconciled !== before) connection.refresh(object);
  };
  look();
  const stop = deps.reconciliation?.subscribe(look);
  if (stop !== undefined) stream.onEnd(stop);
}

function selectorOf(request: FastifyRequest, target: Target): (object: ConfigObject) => boolean {
  const { definition, namespace } = target;
  const selects = readSelector(request);
  return (object) =>
    object.kind === definition.kind &&
    splitApiVersion(object.apiVersion).group === definition.group &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    selects(object.metadata);
}

interface Start {
  /** Sent first, as if they had just been added. */
  readonly objects: readonly ConfigObject[];
  readonly version: string;
  /** Whether a bookmark says where the first objects end (WatchList, KEP-3157). */
  readonly isMarked: boolean;
}

function beginAt(request: FastifyRequest, { store }: HttpServerDeps, target: Target): Start {
  const start = readWatchStart(request);
  if (start.kind === 'version') return { objects: [], version: start.version, isMarked: false };
  const { definition, namespace } = target;
  const { group, kind } = definition;
  const filter = { group, kind, ...(namespace === undefined ? {} : { namespace }) };
  const { items, version } = store.list(filter);
  if (start.kind === 'now') return { objects: [], version, isMarked: false };
  assertKnown(start.version, version);
  return { objects: items, version, isMarked: start.isMarked };
}

/** With a selector, a change can make an object appear or go. */
function forward(
  event: StoreEvent,
  selects: (object: ConfigObject) => boolean,
  connection: WatchConnection,
): void {
  const isIn = event.type !== 'DELETED' && selects(event.object);
  const wasIn = event.previous !== undefined && selects(event.previous);
  const type: EventType | undefined = isIn
    ? wasIn
      ? 'MODIFIED'
      : 'ADDED'
    : wasIn
      ? 'DELETED'
      : undefined;
  connection.take(event, type);
}
