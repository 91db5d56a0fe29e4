import type { FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import type { EventType } from './event-encoder.ts';
import { readIncludeObject, type Target } from './object-request.ts';
import { present } from './present.ts';
import { buildTable, wantsTable } from './table.ts';

/** How one client wants to see changes: as objects of a version, or as rows of a table. */
export interface WatchForm {
  /** Names the form of the next line; equal for all clients that get the same bytes. */
  readonly name: () => string;
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
  const asTable = wantsTable(request.headers.accept);
  return asTable ? tableForm(request, target, deps) : objectForm(target, deps);
}

function objectForm(target: Target, deps: HttpServerDeps): WatchForm {
  const { definition, version } = target;
  const name = formatApiVersion(definition.group, version);
  return {
    name: () => name,
    encode: (type, object) => JSON.stringify({ type, object: present(deps, object, target) }),
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
      const shown = isMark ? [] : [present(deps, object, target)];
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
