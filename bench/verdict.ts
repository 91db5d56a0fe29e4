/** What is to be reached, by the name of the figure; a figure is good when it is at most its target. */
export type Targets = Readonly<Record<string, number>>;

/** Prints a table of target, figure and verdict; when one is missed the exit code of the process becomes 1. */
export function judge<T extends Targets>(
  targets: T,
  figures: Readonly<Record<keyof T, number>>,
): void {
  const names: readonly (keyof T & string)[] = Object.keys(targets);
  const width = Math.max(...names.map((name) => name.length));
  console.log(`${'figure'.padEnd(width)}  ${'target'.padStart(8)}  ${'measured'.padStart(9)}`);
  for (const name of names) {
    const target = targets[name] ?? NaN;
    const figure = figures[name];
    const isMet = figure <= target;
    if (!isMet) process.exitCode = 1;
    const columns = [
      name.padEnd(width),
      String(target).padStart(8),
      figure.toFixed(2).padStart(9),
      isMet ? 'met' : 'MISSED',
    ];
    console.log(columns.join('  '));
  }
}
