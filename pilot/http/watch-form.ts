import type { FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import type { EventType } from './event-encoder.ts';
import { readIncludeObject, readQuery, type Target } from './object-request.ts';
import { present, presentLasting } from './present.ts';
import { reachOf } from './reconciled.ts';
import { buildTable, wantsTable } from './table.ts';

/** How one client wants to see changes: as objects of a version, or as rows of a table. */
export interface WatchForm {
  /** Names the form of the next line about an object; equal for all clients that get the same bytes. */
  readonly name: (object: ConfigObject) => string;
  /** One event as JSON. */
  readonly encode: (type: EventType, object: ConfigObject) => string;
  /** To be called when a line was sent: a table describes its columns once. */
  readonly sent: () => void;
}

export function readWatchForm(
  request: FastifyRequest,
  target: Target,
  deps: HttpServerDeps,
): WatchForm {
  if (wantsTable(request.headers.accept)) return tableForm(request, target, deps);
  return readWatchedName(request) === undefined
    ? objectForm(target, deps)
    : currentForm(target, deps);
}

/** The name of the object that a client follows when it follows a single one, as `kubectl wait` does. */
export function readWatchedName(request: FastifyRequest): string | undefined {
  const [, name] = /^metadata\.name==?([^,]+)$/.exec(readQuery(request, 'fieldSelector')) ?? [];
  return name;
}

/** With the status of the moment: of how many proxies have the object. Who gets the same status gets the same bytes. */
function currentForm(target: Target, deps: HttpServerDeps): WatchForm {
  const { definition, version } = target;
  const name = formatApiVersion(definition.group, version);
  return {
    name: (object) => `${name} ${JSON.stringify(reachOf(deps, object, definition))}`,
    encode: (type, object) => {
      const shown = type === 'BOOKMARK' || type === 'DELETED' ? presentLasting : present;
      return JSON.stringify({ type, object: shown(deps, object, target) });
    },
    sent: () => undefined,
  };
}

function objectForm(target: Target, deps: HttpServerDeps): WatchForm {
  const { definition, version } = target;
  const name = formatApiVersion(definition.group, version);
  return {
    name: () => name,
    encode: (type, object) =>
      JSON.stringify({ type, object: presentLasting(deps, object, target) }),
    sent: () => undefined,
  };
}

function tableForm(request: FastifyRequest, target: Target, deps: HttpServerDeps): WatchForm {
  const { definition, version } = target;
  const includeObject = readIncludeObject(request);
  let isFirst = true;
  return {
    name: () => `${definition.group}/${version} ${includeObject}${isFirst ? ' with columns' : ''}`,
    encode: (type, object) => {
      const isMark = type === 'BOOKMARK';
      const { resourceVersion } = object.metadata;
      const shown = isMark ? [] : [presentLasting(deps, object, target)];
      const table = buildTable(definition.columns, shown, {
        metadata: isMark ? object.metadata : { resourceVersion },
        includeObject,
        now: deps.clock.now(),
        withColumns: isFirst,
      });
      return JSON.stringify({ type, object: table });
    },
    sent: () => {
      isFirst = false;
    },
  };
}

/** The object of a bookmark: nothing but the version up to which the client knows everything. */
export function bookmarkOf(
  { definition, version }: Target,
  resourceVersion: string,
  annotations?: Readonly<Record<string, string>>,
): ConfigObject {
  const metadata = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
  return {
    apiVersion: formatApiVersion(definition.group, version),
    kind: definition.kind,
    // A bookmark has no name; the type of metadata is that of objects that do.
    metadata: metadata as unknown as ConfigObject['metadata'],
    spec: {},
  };
}
