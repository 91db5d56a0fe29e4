import { type CaseResult, type RunResult, countVerdicts } from '../run/runner.ts';

/** For programs: the result with all that was seen of the cases that are not as expected. */
export function reportJson({ cases, took, problems }: RunResult): string {
  const value = { ...countVerdicts(cases), took, problems, cases: cases.map(describeCase) };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function describeCase({ shown, ...rest }: CaseResult): object {
  return rest.verdict === 'passed' || shown === undefined ? rest : { ...rest, shown };
}
