const graphemes = new Intl.Segmenter();

/** Between two columns, as in the tables of kubectl and istioctl. */
const gap = 3;

/**
 * A table of text as kubectl lays it out: columns as wide as their widest cell, three blanks between them, no blanks
 * at the end of a line. Every line ends with a line feed; no rows give ''.
 */
export function layOutTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>((known, row) => widen(known, row.map(widthOf)), []);
  return rows.map((row) => `${layOutRow(row, widths)}\n`).join('');
}

/** The widths that both rows fit in. */
export function widen(left: readonly number[], right: readonly number[]): readonly number[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, column) => Math.max(left[column] ?? 0, right[column] ?? 0));
}

/** One line of a table, without a line feed. */
export function layOutRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
    .join(' '.repeat(gap))
    .trimEnd();
}

/** How many columns of a terminal a text takes: colours take none. */
export function widthOf(text: string): number {
  // eslint-disable-next-line no-control-regex -- colours begin with the control character ESC
  const plain = text.replace(/\u001b\[\d+m/g, '');
  return /^[ -~]*$/.test(plain) ? plain.length : [...graphemes.segment(plain)].length;
}
