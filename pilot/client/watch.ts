import { createBackoff } from '../../kit/backoff.ts';
import { OperationError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import { delay } from '../../kit/lifecycle.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { layOutRow, widen, widthOf } from '../../kit/text-table.ts';
import type { Connection } from './connection.ts';
import { type GetCommand, queryOf, tableChoice } from './get.ts';
import { type ListQuery, selectorsOf } from './list-objects.ts';
import {
  type TableChoice,
  type WireColumn,
  type WireRow,
  type WireTable,
  cellsOf,
  headerOf,
  tableType,
} from './object-table.ts';
import { showYaml } from './print-objects.ts';
import { type ServedKind, pathOf, showObject } from './served-kinds.ts';
import { RefusedError, type WireObject, accepted, withoutManagers } from './wire-object.ts';

export interface WatchCommand extends GetCommand {
  /** Only what changes from now on. */
  readonly isOnly: boolean;
  /** Says of each line what happened: ADDED, MODIFIED, DELETED. */
  readonly withEvents: boolean;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** What stands at a version of the mesh, and where to go on from. */
interface Start {
  readonly shown: readonly unknown[];
  readonly version: string;
}

/**
 * `cmesh get -w`: shows what is there and then every change, until `signal` aborts. A pilot that goes away is waited
 * for. Throws OperationError `E_USAGE` for more than one kind or name; when pilot is not there at the beginning, as a
 * connection does.
 */
export async function watchObjects(
  pilot: Connection,
  command: WatchCommand,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const [selection, another] = command.selections;
  if (selection === undefined || another !== undefined) {
    throw new OperationError('E_USAGE', 'a watch is of one kind, or of one object: name one');
  }
  const { kind, name } = selection;
  if (!kind.verbs.includes('watch')) {
    throw new OperationError('E_USAGE', `${kind.plural} cannot be watched`);
  }
  const query = { ...queryOf(command, kind), ...nameSelector(name) };
  const view = createView(command, kind, terminal);
  const start = await readStart(pilot, query, view.accept);
  if (!command.isOnly) for (const object of start.shown) await view.show('ADDED', object);
  await followChanges(pilot, { query, view, signal, terminal, version: start.version });
  return exitCodes.done;
}

function nameSelector(name: string | undefined): { readonly fieldSelector?: string } {
  return name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
}

async function readStart(pilot: Connection, query: ListQuery, accept: string): Promise<Start> {
  const path = `${pathOf(query)}?${new URLSearchParams(selectorsOf(query)).toString()}`;
  const list = accepted(await pilot.ask({ path, accept })) as WireTable & {
    readonly items?: readonly WireObject[];
  };
  const { items } = list;
  const apiVersion = [query.kind.group, query.kind.versions[0] ?? ''].filter((part) => part !== '');
  return {
    shown:
      items === undefined
        ? [list]
        : items.map((item) => ({
            ...item,
            apiVersion: apiVersion.join('/'),
            kind: query.kind.kind,
          })),
    version: list.metadata?.resourceVersion ?? '',
  };
}

interface Watching {
  readonly query: ListQuery;
  readonly view: View;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Where the watch begins. */
  readonly version: string;
}

/** One watch after the other: pilot ends each after a while, and when it stops. */
async function followChanges(pilot: Connection, watching: Watching): Promise<void> {
  const { signal, terminal } = watching;
  const backoff = createBackoff({ initial: 200, max: 5000 });
  let { version } = watching;
  let isAway = false;
  const tryOnce = async (): Promise<string> => {
    try {
      return await followOnce(pilot, { ...watching, version }, () => {
        if (isAway) terminal.complain('pilot answers again\n');
        isAway = false;
        backoff.reset();
      });
    } catch (error) {
      if (signal.aborted) return version;
      if (isGone(error)) return showAnew(pilot, watching);
      if (!isUnreachable(error)) throw error;
      if (!isAway) terminal.complain('pilot does not answer: waiting for it\n');
      isAway = true;
      return version;
    }
  };
  while (!signal.aborted) {
    version = await tryOnce();
    await delay(backoff.next(), signal);
  }
}

/** Follows until pilot ends it; returns the version of the last change. */
async function followOnce(
  pilot: Connection,
  { query, view, signal, version }: Watching,
  onStart: () => void,
): Promise<string> {
  const parameters = { ...selectorsOf(query), watch: 'true', resourceVersion: version };
  const path = `${pathOf(query)}?${new URLSearchParams(parameters).toString()}`;
  const { answer, lines } = await pilot.follow({ path, accept: view.accept }, signal);
  if (answer.status >= 400) throw new RefusedError(answer);
  onStart();
  let last = version;
  for await (const line of lines) {
    const { type, object } = JSON.parse(line) as WatchEvent;
    if (type === 'ERROR') {
      throw new RefusedError({ status: codeOf(object), body: object, warnings: [] });
    }
    last = versionOf(object) ?? last;
    if (type !== 'BOOKMARK') await view.show(type, object);
  }
  return last;
}

/** So long away that pilot no longer knows what happened since: all is shown again. */
async function showAnew(pilot: Connection, { query, view, terminal }: Watching): Promise<string> {
  const start = await readStart(pilot, query, view.accept);
  terminal.complain('pilot no longer knows the changes since then; this is what there is now:\n');
  for (const object of start.shown) await view.show('ADDED', object);
  return start.version;
}

function isGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 410;
}

/** A stream that breaks off is a pilot that went away. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof OperationError) return error.code === 'E_PILOT_UNREACHABLE';
  return error instanceof Error && 'code' in error;
}

function codeOf(status: unknown): number {
  const { code } = (status ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : 0;
}

function versionOf(object: unknown): string | undefined {
  const { metadata, rows } = object as Partial<WireTable>;
  return rows?.at(-1)?.object?.metadata?.resourceVersion ?? metadata?.resourceVersion;
}

/** How the objects of a watch are shown. */
interface View {
  readonly accept: string;
  readonly show: (type: WatchEvent['type'], object: unknown) => Promise<void>;
}

function createView(command: WatchCommand, kind: ServedKind, terminal: Terminal): View {
  const { format, withEvents, withManagers } = command;
  if (format === undefined) {
    const choice = tableChoice(command, kind, false);
    return createTableView(kind, { ...choice, withEvents }, terminal);
  }
  return {
    accept: 'application/json',
    show: async (type, value) => {
      const object = withManagers ? (value as WireObject) : withoutManagers(value as WireObject);
      const shown = withEvents ? { type, object } : object;
      if (format === 'name') terminal.print(`${showObject(kind, object.metadata.name)}\n`);
      else if (format === 'json') terminal.print(`${JSON.stringify(shown, undefined, 2)}\n`);
      else terminal.print(`---\n${await showYaml(shown)}`);
    },
  };
}

function createTableView(
  kind: ServedKind,
  choice: TableChoice & { readonly withEvents: boolean },
  { print }: Terminal,
): View {
  let columns: readonly WireColumn[] | undefined;
  let widths: readonly number[] = [];
  let isHeaded = !choice.withHeaders;
  return {
    accept: tableType,
    show: (type, object) => {
      const { columnDefinitions, rows } = object as WireTable;
      columns ??= columnDefinitions ?? [];
      const known = columns;
      const label = (text: string): readonly string[] => (choice.withEvents ? [text] : []);
      const lineOf = (row: WireRow): readonly string[] => [
        ...label(type),
        ...cellsOf(row, { columns: known, kind }, choice),
      ];
      const head = [...label('EVENT'), ...headerOf(columns, choice)];
      const lines = [...(isHeaded || rows.length === 0 ? [] : [head]), ...rows.map(lineOf)];
      isHeaded ||= rows.length > 0;
      widths = lines.reduce((wide, line) => widen(wide, line.map(widthOf)), widths);
      for (const line of lines) print(`${layOutRow(line, widths)}\n`);
      return Promise.resolve();
    },
  };
}
