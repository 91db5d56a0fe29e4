import type { Connection } from './connection.ts';
import { type ServedKind, pathOf } from './served-kinds.ts';
import { type WireObject, accepted } from './wire-object.ts';

/** Which objects of a kind. */
export interface ListQuery {
  readonly kind: ServedKind;
  /** Missing: all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** So many objects come in one answer, as kubectl asks for them. */
const pageSize = 500;

interface Page<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[];
}

export interface ObjectList {
  readonly items: readonly WireObject[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

/** All objects that match, page by page. Throws RefusedError, and what a connection throws. */
export async function listObjects(pilot: Connection, query: ListQuery): Promise<ObjectList> {
  const pages = await readPages<Page<WireObject>>(pilot, query, 'application/json');
  const { apiVersion, kind } = { apiVersion: versionOf(query.kind), kind: query.kind.kind };
  return {
    items: pages.flatMap(({ items = [] }) => items.map((item) => ({ ...item, apiVersion, kind }))),
    resourceVersion: pages[0]?.metadata?.resourceVersion ?? '',
  };
}

function versionOf({ group, versions }: ServedKind): string {
  const [version = ''] = versions;
  return group === '' ? version : `${group}/${version}`;
}

/** The pages of a list, in whatever form `accept` asks for. */
export async function readPages<P extends Page<unknown>>(
  pilot: Connection,
  query: ListQuery,
  accept: string,
): Promise<readonly P[]> {
  const pages: P[] = [];
  let next: string | undefined;
  do {
    const path = `${pathOf(query)}?${formatQuery(query, next)}`;
    const page = accepted(await pilot.ask({ path, accept })) as P;
    pages.push(page);
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
  return pages;
}

function formatQuery(query: ListQuery, next: string | undefined): string {
  return new URLSearchParams({
    ...selectorsOf(query),
    limit: String(pageSize),
    ...(next === undefined ? {} : { continue: next }),
  }).toString();
}

/** The query parameters that say which objects are meant. */
export function selectorsOf({
  labelSelector,
  fieldSelector,
}: ListQuery): Readonly<Record<string, string>> {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
