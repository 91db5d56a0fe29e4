import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatApiVersion, splitApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { StoreEvent } from '../store/store.ts';
import type { HttpServerDeps } from './deps.ts';
import type { Target } from './object-request.ts';
import { inVersion, readFlag, readIncludeObject, readQuery, readTarget } from './object-request.ts';
import type { Selector } from './selector.ts';
import { parseSelector } from './selector.ts';
import type { LineStream, Streams } from './streams.ts';
import { buildTable, wantsTable } from './table.ts';

interface WatchContext {
  readonly deps: HttpServerDeps;
  readonly streams: Streams;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** Streams changes, one JSON object a line, until the client goes or its time is over. */
export function watchObjects(
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, streams }: WatchContext,
): FastifyReply {
  const target = readTarget(request);
  const selects = selectorOf(request, target);
  const timeout = Number(readQuery(request, 'timeoutSeconds')) * 1000;
  const start = readStart(request, deps, selects);
  const encode = createEncoder(request, target, deps);
  const backlog: StoreEvent[] = [];
  let send = (event: StoreEvent): void => void backlog.push(event);
  // The watch begins before the answer does, so that a version that is too old gives a clean 410.
  const stop = deps.store.watch(start.version, (event) => {
    send(event);
  });
  const stream = streams.start(reply, 'application/json');
  stream.onEnd(stop);
  for (const object of start.objects) stream.send(encode('ADDED', object));
  if (start.isMarked) stream.send(encode('BOOKMARK', initialEventsEnd(target, start.version)));
  send = (event) => {
    forward(event, selects, (type, object) => {
      stream.send(encode(type, object));
    });
  };
  backlog.forEach(send);
  if (timeout > 0) endAfter(stream, timeout, deps);
  return reply;
}

function endAfter(stream: LineStream, timeout: number, deps: HttpServerDeps): void {
  stream.onEnd(
    deps.clock.after(timeout, () => {
      stream.end();
    }),
  );
}

function selectorOf(request: FastifyRequest, target: Target): (object: ConfigObject) => boolean {
  const { definition, namespace } = target;
  const selects: Selector = parseSelector(
    readQuery(request, 'labelSelector'),
    readQuery(request, 'fieldSelector'),
  );
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

function readStart(
  request: FastifyRequest,
  { store }: HttpServerDeps,
  selects: (object: ConfigObject) => boolean,
): Start {
  const given = readQuery(request, 'resourceVersion');
  const isMarked = readFlag(request, 'sendInitialEvents');
  const isFresh = given === '' || given === '0';
  if (!isFresh && !isMarked) return { objects: [], version: given, isMarked };
  const { items, version } = store.list();
  const wanted = readQuery(request, 'sendInitialEvents') !== 'false';
  return { objects: wanted ? items.filter(selects) : [], version, isMarked };
}

/** With a selector, a change can make an object appear or go. */
function forward(
  event: StoreEvent,
  selects: (object: ConfigObject) => boolean,
  send: (type: EventType, object: ConfigObject) => void,
): void {
  const isIn = event.type !== 'DELETED' && selects(event.object);
  const wasIn = event.previous !== undefined && selects(event.previous);
  if (isIn) send(wasIn ? 'MODIFIED' : 'ADDED', event.object);
  else if (wasIn) send('DELETED', event.object);
}

function initialEventsEnd({ definition, version }: Target, resourceVersion: string): ConfigObject {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return {
    apiVersion: formatApiVersion(definition.group, version),
    kind: definition.kind,
    metadata: { resourceVersion, annotations } as unknown as ConfigObject['metadata'],
    spec: {},
  };
}

function createEncoder(
  request: FastifyRequest,
  target: Target,
  { clock }: HttpServerDeps,
): (type: EventType, object: ConfigObject) => string {
  const asTable = wantsTable(request.headers.accept);
  const includeObject = readIncludeObject(request);
  let isFirst = true;
  return (type, object) => {
    const shown = inVersion(object, target);
    if (!asTable) return JSON.stringify({ type, object: shown });
    const { resourceVersion } = object.metadata;
    const table = buildTable(target.definition.columns, type === 'BOOKMARK' ? [] : [shown], {
      metadata: type === 'BOOKMARK' ? object.metadata : { resourceVersion },
      includeObject,
      now: clock.now(),
      withColumns: isFirst,
    });
    isFirst = false;
    return JSON.stringify({ type, object: table });
  };
}
