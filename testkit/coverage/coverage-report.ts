import type { Coverage, CoveragePoint } from './coverage.ts';

export const coverageFormats = ['text', 'json', 'lcov'] as const;
export type CoverageFormat = (typeof coverageFormats)[number];

/** Coverage as text for people, as JSON, or as lcov's tracefile, which editors and CI systems show beside the YAML. */
export function formatCoverage(coverage: Coverage, format: CoverageFormat): string {
  switch (format) {
    case 'text':
      return formatText(coverage);
    case 'json':
      return `${JSON.stringify(coverage, undefined, 2)}\n`;
    case 'lcov':
      return formatLcov(coverage);
  }
}

/** Whether coverage reaches the percentage that `--fail-under` asks for. */
export function isEnough({ percent }: Coverage, failUnder: number | undefined): boolean {
  return failUnder === undefined || percent >= failUnder;
}

function formatText({ points, reached, total, percent }: Coverage): string {
  const lines = [...groupByFile(points)].flatMap(([file, own]) => {
    const missed = own.filter(({ hits }) => hits === 0);
    return [
      `  ${file}: ${own.length - missed.length} of ${own.length}`,
      ...missed.map(
        ({ object, path, place, kind }) =>
          `    ${place === undefined ? '' : `${file}:${place.line}:${place.column} `}no request reached ${kind} ${path} of ${object}`,
      ),
    ];
  });
  return [`Coverage of the rules: ${reached} of ${total} (${round(percent)} %)`, ...lines, ''].join(
    '\n',
  );
}

/** Rounded down, so that 100 is written only of all. */
function round(percent: number): string {
  return (Math.floor(percent * 10) / 10).toFixed(1);
}

/**
 * The format of geninfo(1): SF names the file, each DA a line and how often it was reached, LF and LH how many lines
 * there are and how many were reached. Of several points on one line the least reached counts.
 */
function formatLcov({ points }: Coverage): string {
  return [...groupByFile(points)]
    .map(([file, own]) => {
      const lines = new Map<number, number>();
      for (const { place, hits } of own) {
        if (place === undefined) continue;
        lines.set(place.line, Math.min(hits, lines.get(place.line) ?? Infinity));
      }
      const sorted = [...lines].sort(([left], [right]) => left - right);
      return [
        'TN:',
        `SF:${file}`,
        ...sorted.map(([line, hits]) => `DA:${line},${hits}`),
        `LF:${sorted.length}`,
        `LH:${sorted.filter(([, hits]) => hits > 0).length}`,
        'end_of_record\n',
      ].join('\n');
    })
    .join('');
}

function groupByFile(
  points: readonly CoveragePoint[],
): ReadonlyMap<string, readonly CoveragePoint[]> {
  const files = new Map<string, CoveragePoint[]>();
  for (const point of points) {
    const file = point.place?.file ?? point.object;
    files.set(file, [...(files.get(file) ?? []), point]);
  }
  return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)));
}
