import type { ServedKind } from './served-kinds.ts';
import { showObject } from './served-kinds.ts';
import type { WireMetadata, WireObject } from './wire-object.ts';

/** What to ask for so that pilot works out the columns, as it does for kubectl. */
export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** A table as pilot sends it (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables). */
export interface WireTable {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  /** Missing in events of a watch after the first. */
  readonly columnDefinitions?: readonly WireColumn[];
  readonly rows: readonly WireRow[];
}

/**
 * An answer as a table. A kind without columns of its own is answered with the objects themselves, although a table was
 * asked for; then there is the column that every kind has.
 */
export function asTable(answer: unknown): WireTable {
  const given = answer as Partial<WireTable> & Partial<WireObject> & WireList;
  const { metadata, rows, items } = given;
  if (rows !== undefined) return { ...given, rows };
  const objects = items ?? (given.kind?.endsWith('List') === true ? [] : [given as WireObject]);
  return {
    ...(metadata === undefined ? {} : { metadata }),
    columnDefinitions: [{ name: 'Name' }],
    rows: objects.map((object) => ({ cells: [object.metadata.name], object })),
  };
}

interface WireList {
  readonly items?: readonly WireObject[];
}

export interface WireColumn {
  readonly name: string;
  /** Those above 0 are for `-o wide`. */
  readonly priority?: number;
}

export interface WireRow {
  readonly cells: readonly unknown[];
  readonly object?: { readonly metadata?: WireMetadata };
}

/** Which columns are shown besides those of the kind. */
export interface TableChoice {
  readonly isWide: boolean;
  readonly withNamespace: boolean;
  readonly withLabels: boolean;
  readonly withHeaders: boolean;
  /** Names are those of several kinds. */
  readonly withKind: boolean;
}

/** The titles of the columns. */
export function headerOf(columns: readonly WireColumn[], choice: TableChoice): readonly string[] {
  return [
    ...(choice.withNamespace ? ['NAMESPACE'] : []),
    ...shown(columns, choice).map(({ column }) => column.name.toUpperCase()),
    ...(choice.withLabels ? ['LABELS'] : []),
  ];
}

/** The cells of a row, as text. */
export function cellsOf(
  row: WireRow,
  { columns, kind }: { readonly columns: readonly WireColumn[]; readonly kind: ServedKind },
  choice: TableChoice,
): readonly string[] {
  const { namespace = '', labels = {} } = row.object?.metadata ?? {};
  const cells = shown(columns, choice).map(({ index }) => showCell(row.cells[index]));
  const [name = '', ...rest] = cells;
  return [
    ...(choice.withNamespace ? [namespace] : []),
    choice.withKind ? showObject(kind, name) : name,
    ...rest,
    ...(choice.withLabels ? [showLabels(labels)] : []),
  ];
}

function shown(
  columns: readonly WireColumn[],
  { isWide }: TableChoice,
): readonly { readonly column: WireColumn; readonly index: number }[] {
  return columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => isWide || (column.priority ?? 0) === 0);
}

function showCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function showLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}
