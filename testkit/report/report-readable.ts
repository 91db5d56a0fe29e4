import { formatPlace } from '../files/rule-files.ts';
import { type CaseResult, type Decision, type RunResult, countVerdicts } from '../run/runner.ts';

type Paint = (text: string) => string;

interface Palette {
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
}

/** SGR parameters of ECMA-48. */
function palette(colours: boolean): Palette {
  const paint =
    (code: number): Paint =>
    (text) =>
      colours ? `\u001B[${code}m${text}\u001B[0m` : text;
  return { red: paint(31), green: paint(32), yellow: paint(33), dim: paint(2), bold: paint(1) };
}

/** For people: what was expected and what was seen, the rule that decided, and why no other one did. */
export function reportReadable(result: RunResult, colours: boolean): string {
  const paint = palette(colours);
  const files = new Set(result.cases.map(({ file }) => file));
  const blocks = [...files].map((file) =>
    [
      paint.bold(file),
      ...result.cases.filter((one) => one.file === file).flatMap((one) => showCase(one, paint)),
    ]
      .join('\n')
      .concat('\n'),
  );
  return `${[...blocks, summary(result, paint)].join('\n')}\n`;
}

function summary({ cases, took }: RunResult, paint: Palette): string {
  const { passed, failed, unjudged } = countVerdicts(cases);
  const parts = [
    paint.green(`${passed} passed`),
    ...(failed === 0 ? [] : [paint.red(`${failed} failed`)]),
    ...(unjudged === 0 ? [] : [paint.yellow(`${unjudged} not judged`)]),
  ];
  return `${parts.join(', ')} ${paint.dim(`(${(took / 1000).toFixed(1)} s)`)}`;
}

const marks = { passed: '✓', failed: '✗', unjudged: '?' } as const;

function showCase(one: CaseResult, paint: Palette): readonly string[] {
  const colour = { passed: paint.green, failed: paint.red, unjudged: paint.yellow }[one.verdict];
  const often = one.requests > 1 ? `, ${one.requests} requests` : '';
  const title = `  ${colour(marks[one.verdict])} ${one.name} ${paint.dim(`(${one.took} ms${often})`)}`;
  return [title, ...details(one, paint).map((line) => `      ${line}`)];
}

function details(one: CaseResult, paint: Palette): readonly string[] {
  if (one.verdict === 'passed') return [];
  if (one.verdict === 'unjudged') return unjudged(one);
  return [
    paint.dim(`${one.file}:${one.line}`),
    `${one.request} from ${one.from}`,
    ...(one.error === undefined ? [] : [paint.red(one.error)]),
    ...one.checks
      .filter(({ verdict }) => verdict === 'failed')
      .flatMap(({ what, expected, seen }) => [
        `${what}:`,
        paint.green(`  - expected  ${expected}`),
        paint.red(`  + seen      ${seen}`),
      ]),
    ...unjudged(one),
    ...(one.decision === undefined ? [] : showDecision(one.decision, paint)),
  ];
}

function unjudged({ checks }: CaseResult): readonly string[] {
  return checks
    .filter(({ verdict }) => verdict === 'unjudged')
    .map(({ what, seen }) => `${what}: not judged: ${seen}`);
}

function showDecision({ rule, path, place, passed }: Decision, paint: Palette): readonly string[] {
  const at = place === undefined ? '' : ` ${paint.dim(`(${formatPlace(place)})`)}`;
  return [
    ...passed.map(({ path: field, place: where, reasons }) => {
      const line = where === undefined ? '' : ` ${paint.dim(`(${formatPlace(where)})`)}`;
      const why = reasons.length === 0 ? 'its conditions seem to hold' : reasons.join('; ');
      return `passed over ${field}${line}: ${why}`;
    }),
    `decided by  ${`${rule} ${path}`.trim()}${at}`,
  ];
}
