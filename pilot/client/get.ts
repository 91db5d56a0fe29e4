import { OperationError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { layOutTable } from '../../kit/text-table.ts';
import type { Connection } from './connection.ts';
import { type ListQuery, listObjects, readPages } from './list-objects.ts';
import {
  type TableChoice,
  type WireTable,
  asTable,
  cellsOf,
  headerOf,
  tableType,
} from './object-table.ts';
import { type NamedPlace, adviseOnMissing } from './missing-object.ts';
import { type ObjectFormat, type ServedObject, printObjects } from './print-objects.ts';
import type { Selection } from './selection.ts';
import { type ServedKind, pathOf } from './served-kinds.ts';
import { RefusedError, type WireObject, accepted } from './wire-object.ts';

/** What is shown, and how. */
export interface GetCommand {
  readonly selections: readonly Selection[];
  /** Missing: all namespaces. */
  readonly namespace: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Missing: a table. */
  readonly format?: ObjectFormat;
  readonly table: Omit<TableChoice, 'withKind' | 'withNamespace'>;
  readonly withManagers: boolean;
  readonly ignoreNotFound: boolean;
}

/**
 * `cmesh get`: shows objects. Exit codes: 0 shown, also when there is none; 1 an object that was named is not there.
 * Throws OperationError `E_USAGE`, `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`, and RefusedError.
 */
export async function getObjects(
  pilot: Connection,
  command: GetCommand,
  terminal: Terminal,
): Promise<number> {
  assertNamed(command);
  const missing = new Missing(pilot, command, terminal);
  const { format } = command;
  if (format === undefined) await showTables(pilot, { command, terminal, missing });
  else await showObjects(pilot, format, { command, terminal, missing });
  return missing.isSerious ? exitCodes.failed : exitCodes.done;
}

function assertNamed({ selections, namespace, labelSelector }: GetCommand): void {
  const isNamed = selections.some(({ name }) => name !== undefined);
  const isLost = selections.some(
    (selection) => (selection.namespace ?? namespace) === undefined && selection.kind.isNamespaced,
  );
  if (isNamed && isLost) {
    throw new OperationError(
      'E_USAGE',
      'a name stands in one namespace: -n says which, -A is for lists',
    );
  }
  if (isNamed && labelSelector !== undefined) {
    throw new OperationError('E_USAGE', 'a name and -l exclude each other');
  }
}

interface Run {
  readonly command: GetCommand;
  readonly terminal: Terminal;
  readonly missing: Missing;
}

/** Remembers what was named and is not there. */
class Missing {
  readonly #pilot: Connection;
  readonly #command: GetCommand;
  readonly #terminal: Terminal;
  isSerious = false;

  constructor(pilot: Connection, command: GetCommand, terminal: Terminal) {
    this.#pilot = pilot;
    this.#command = command;
    this.#terminal = terminal;
  }

  async note(error: unknown, place: NamedPlace): Promise<void> {
    if (!(error instanceof RefusedError) || error.status !== 404) throw error;
    if (this.#command.ignoreNotFound) return;
    const advice = await adviseOnMissing(this.#pilot, place);
    this.#terminal.complain(`${error.message}${advice}\n`);
    this.isSerious = true;
  }
}

/** One table for each kind, with a line between them. */
async function showTables(pilot: Connection, { command, terminal, missing }: Run): Promise<void> {
  const kinds = [...new Set(command.selections.map(({ kind }) => kind))];
  let isFirst = true;
  for (const kind of kinds) {
    const tables = await readTables(pilot, kind, { command, terminal, missing });
    const columns = tables[0]?.columnDefinitions ?? [];
    const rows = tables.flatMap((table) => table.rows);
    if (rows.length === 0) continue;
    const choice = tableChoice(command, kind, kinds.length > 1);
    const cells = rows.map((row) => cellsOf(row, { columns, kind }, choice));
    const head = choice.withHeaders ? [headerOf(columns, choice)] : [];
    terminal.print(`${isFirst ? '' : '\n'}${layOutTable([...head, ...cells])}`);
    isFirst = false;
  }
  const isList = command.selections.every(({ name }) => name === undefined);
  if (isFirst && isList && !command.ignoreNotFound) terminal.complain(nothingFound(command));
}

export function tableChoice(
  { table, namespace }: Pick<GetCommand, 'table' | 'namespace'>,
  kind: ServedKind,
  isOneOfMany: boolean,
): TableChoice {
  const withNamespace = namespace === undefined && kind.isNamespaced;
  return { ...table, withKind: isOneOfMany, withNamespace };
}

/** As kubectl says it. */
function nothingFound({ namespace, selections }: GetCommand): string {
  const isNamespaced = selections.some(({ kind }) => kind.isNamespaced);
  return namespace === undefined || !isNamespaced
    ? 'No resources found\n'
    : `No resources found in ${namespace} namespace.\n`;
}

async function readTables(
  pilot: Connection,
  kind: ServedKind,
  { command, missing }: Run,
): Promise<readonly WireTable[]> {
  const tables: WireTable[] = [];
  const own = command.selections.filter((selection) => selection.kind === kind);
  for (const { name, namespace = command.namespace } of own) {
    if (name === undefined) {
      const pages = await readPages<WireTable>(pilot, queryOf(command, kind), tableType);
      tables.push(...pages.map(asTable));
      continue;
    }
    const place = { kind, namespace, name };
    try {
      const path = pathOf(place);
      tables.push(asTable(accepted(await pilot.ask({ path, accept: tableType }))));
    } catch (error) {
      await missing.note(error, place);
    }
  }
  return tables;
}

export function queryOf(
  { namespace, labelSelector, fieldSelector }: GetCommand,
  kind: ServedKind,
): ListQuery {
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

async function showObjects(
  pilot: Connection,
  format: ObjectFormat,
  { command, terminal, missing }: Run,
): Promise<void> {
  const served: ServedObject[] = [];
  const { selections, withManagers } = command;
  for (const { kind, name, namespace = command.namespace } of selections) {
    if (name === undefined) {
      const { items } = await listObjects(pilot, queryOf(command, kind));
      served.push(...items.map((object) => ({ kind, object })));
      continue;
    }
    const place = { kind, namespace, name };
    try {
      const path = pathOf(place);
      served.push({ kind, object: accepted(await pilot.ask({ path })) as WireObject });
    } catch (error) {
      await missing.note(error, place);
    }
  }
  const isSingle = selections.length === 1 && selections[0]?.name !== undefined;
  if (served.length === 0 && selections.every(({ name }) => name !== undefined)) return;
  terminal.print(await printObjects(served, { format, isSingle, withManagers }));
}
