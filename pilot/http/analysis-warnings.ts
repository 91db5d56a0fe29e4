import type { Problem } from '../../kit/problem.ts';
import { keyOf, showKey } from '../api/kinds.ts';
import type { ObjectChange } from '../analysis/live-analysis.ts';
import type { HttpServerDeps } from './deps.ts';

/** Warnings beyond these would not fit into the headers of an answer, and nobody would read them. */
const most = 20;

/**
 * What the analysis says of a write that is about to be done: with its code, and with the name of the object when it
 * is another one than the one that is written.
 */
export function warningsOf(
  { analysis }: Pick<HttpServerDeps, 'analysis'>,
  change: ObjectChange,
): readonly Problem[] {
  const problems = analysis?.preview(change) ?? [];
  const own = nameOfChange(change);
  const shown = problems.slice(0, most).map((problem) => ({
    ...problem,
    path: [problem.code, ...(problem.resource === own ? [] : [problem.resource]), problem.path]
      .filter((part) => part !== undefined)
      .join(' '),
  }));
  const left = problems.length - shown.length;
  const [first] = problems;
  if (left === 0 || first === undefined) return shown;
  const message = `${left} more; cmesh analyze and the status of the objects show them all`;
  return [...shown, { ...first, path: 'analysis', message }];
}

function nameOfChange(change: ObjectChange): string {
  return showKey(change.kind === 'put' ? keyOf(change.object) : change.key);
}
