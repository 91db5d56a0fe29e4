import type { KindDefinition, PrinterColumn } from '../api/kind.ts';
import type { ConfigObject } from '../api/resource.ts';

/** Tables are what `kubectl get` shows: the server works out the cells. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: object;
  readonly columnDefinitions?: readonly ColumnDefinition[];
  readonly rows: readonly Row[];
}

interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

interface Row {
  readonly cells: readonly unknown[];
  readonly object?: unknown;
}

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly metadata: object;
  /** What each row carries besides its cells. */
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  /** Events of a watch after the first leave them out. */
  readonly withColumns: boolean;
}

/** Whether the client prefers a table to plain JSON. */
export function wantsTable(accept: string | undefined): boolean {
  const [first = ''] = (accept ?? '').split(',');
  return first.includes('as=Table') && first.includes('g=meta.k8s.io');
}

export function buildTable(
  columns: readonly PrinterColumn[],
  objects: readonly ConfigObject[],
  options: TableOptions,
): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata,
    ...(options.withColumns ? { columnDefinitions: defineColumns(columns) } : {}),
    rows: objects.map((object) => ({
      cells: [
        object.metadata.name,
        ...columns.map((column) => cellOf(column, object, options.now)),
      ],
      ...carry(object, options.includeObject),
    })),
  };
}

const nameColumn: ColumnDefinition = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name, unique in its namespace and kind.',
  priority: 0,
};

function defineColumns(columns: KindDefinition['columns']): readonly ColumnDefinition[] {
  return [
    nameColumn,
    ...columns.map(({ name, type, description }) => ({
      name,
      type: type === 'count' ? 'string' : type,
      format: '',
      description,
      priority: 0,
    })),
  ];
}

function carry(object: ConfigObject, include: IncludeObject): { readonly object?: unknown } {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  const { metadata } = object;
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
  };
}

function cellOf(column: PrinterColumn, object: ConfigObject, now: number): unknown {
  const value = column.path
    .split('.')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Readonly<Record<string, unknown>>)[key]
          : undefined,
      object,
    );
  if (column.type === 'date') {
    return typeof value === 'string' ? formatAge(now - Date.parse(value)) : '<unknown>';
  }
  if (column.type === 'count') return String(Object.keys(value ?? {}).length);
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** An age as kubectl shows it (apimachinery duration.HumanDuration): at most two units, such as 3m20s or 5d. */
export function formatAge(ms: number): string {
  if (ms < -second) return '<invalid>';
  if (ms < 2 * minute) return `${Math.max(0, Math.floor(ms / second))}s`;
  if (ms < 10 * minute) return pair(ms, [minute, 'm'], [second, 's']);
  if (ms < 3 * hour) return `${Math.floor(ms / minute)}m`;
  if (ms < 8 * hour) return pair(ms, [hour, 'h'], [minute, 'm']);
  if (ms < 2 * day) return `${Math.floor(ms / hour)}h`;
  if (ms < 8 * day) return pair(ms, [day, 'd'], [hour, 'h']);
  if (ms < 2 * 365 * day) return `${Math.floor(ms / day)}d`;
  return pair(ms, [365 * day, 'y'], [day, 'd']);
}

type Unit = readonly [number, string];

function pair(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}
