import { stringify } from 'yaml';
import type { CaseResult, RunResult } from '../run/runner.ts';

/** TAP version 14 (https://testanything.org/tap-version-14-specification.html). */
export function reportTap({ cases }: RunResult): string {
  const lines = cases.flatMap((one, index) => showCase(one, index + 1));
  return `${['TAP version 14', `1..${cases.length}`, ...lines].join('\n')}\n`;
}

function showCase(one: CaseResult, number: number): readonly string[] {
  const state = one.verdict === 'failed' ? 'not ok' : 'ok';
  const name = `${one.file}: ${one.name}`.replaceAll('\\', '\\\\').replaceAll('#', '\\#');
  const skip = one.verdict === 'unjudged' ? ` # SKIP ${reasonOf(one)}` : '';
  return [`${state} ${number} - ${name}${skip}`, ...(one.verdict === 'failed' ? details(one) : [])];
}

function reasonOf({ checks }: CaseResult): string {
  return checks
    .filter(({ verdict }) => verdict === 'unjudged')
    .map(({ what, seen }) => `${what}: ${seen}`)
    .join('; ');
}

function details({
  file,
  line,
  request,
  from,
  checks,
  decision,
  error,
}: CaseResult): readonly string[] {
  const failed = checks.filter(({ verdict }) => verdict === 'failed');
  const rule = decision === undefined ? {} : { rule: `${decision.rule} ${decision.path}`.trim() };
  const value = {
    at: `${file}:${line}`,
    request,
    from,
    ...(error === undefined ? {} : { error }),
    failed: failed.map(({ what, expected, seen }) => ({ what, expected, seen })),
    ...rule,
  };
  const yaml = stringify(value, { lineWidth: 0 }).trimEnd().split('\n');
  return ['  ---', ...yaml.map((text) => `  ${text}`), '  ...'];
}
