import { formatPlace } from '../files/rule-files.ts';
import { type CaseResult, type RunResult, countVerdicts } from '../run/runner.ts';

/** The XML that CI systems read: a test suite for each case file. */
export function reportJunit({ cases, took }: RunResult): string {
  const files = [...new Set(cases.map(({ file }) => file))];
  const suites = files.flatMap((file) =>
    showSuite(
      file,
      cases.filter((one) => one.file === file),
    ),
  );
  const counts = attributes({ ...countsOf(cases), time: seconds(took) });
  return `${['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="cmesh test"${counts}>`, ...suites, '</testsuites>'].join('\n')}\n`;
}

function showSuite(file: string, cases: readonly CaseResult[]): readonly string[] {
  const longest = Math.max(...cases.map(({ took }) => took));
  const counts = attributes({ name: file, ...countsOf(cases), time: seconds(longest) });
  return [`  <testsuite${counts}>`, ...cases.flatMap(showCase), '  </testsuite>'];
}

function countsOf(cases: readonly CaseResult[]): Readonly<Record<string, string>> {
  const { failed, unjudged } = countVerdicts(cases);
  return { tests: String(cases.length), failures: String(failed), skipped: String(unjudged) };
}

function showCase(one: CaseResult): readonly string[] {
  const { name, file, line, took, verdict } = one;
  const start = `    <testcase${attributes({ name, classname: file, file, line: String(line), time: seconds(took) })}`;
  if (verdict === 'passed') return [`${start}/>`];
  return [
    `${start}>`,
    verdict === 'failed'
      ? showFailure(one)
      : `      <skipped${attributes({ message: summary(one, 'unjudged') })}/>`,
    '    </testcase>',
  ];
}

function showFailure(one: CaseResult): string {
  const { request, from, decision, error } = one;
  const message = error ?? summary(one, 'failed');
  const lines = [
    `${request} from ${from}`,
    ...one.checks
      .filter(({ verdict }) => verdict === 'failed')
      .map(({ what, expected, seen }) => `${what}: expected ${expected}, seen ${seen}`),
    ...(decision === undefined
      ? []
      : [
          `decided by ${decision.rule} ${decision.path}`.trim() +
            (decision.place === undefined ? '' : ` (${formatPlace(decision.place)})`),
        ]),
  ];
  return `      <failure${attributes({ message })}>${escape(lines.join('\n'))}</failure>`;
}

function summary({ checks }: CaseResult, wanted: CaseResult['verdict']): string {
  return checks
    .filter(({ verdict }) => verdict === wanted)
    .map(({ what, expected, seen }) =>
      wanted === 'failed' ? `${what}: expected ${expected}, seen ${seen}` : `${what}: ${seen}`,
    )
    .join('; ');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(value).replaceAll('\n', '&#10;')}"`)
    .join('');
}

/** XML 1.0 has no way to write most control characters. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uFFFD]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
