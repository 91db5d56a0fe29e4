import { layOutTable } from '../kit/text-table.ts';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A table for a terminal, with a line for its columns. */
export function formatTable({ columns, rows }: Table): string {
  return layOutTable([columns, ...rows]);
}
