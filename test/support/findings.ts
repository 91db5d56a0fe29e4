import { decodeObject } from '../../pilot/api/decode.ts';
import { fieldCodes } from '../../pilot/api/field-error.ts';
import { kinds } from '../../pilot/api/kinds.ts';

/**
 * What decoding says of a spec, one line each: `path: message`; warnings begin with `warning `. That a field
 * is not yet in force is left out: it says nothing of the spec.
 */
export function findingsOf(kind: string, spec: unknown, metadata: object = {}): readonly string[] {
  const definition = kinds.find((candidate) => candidate.kind === kind);
  const apiVersion = `${definition?.group ?? ''}/${definition?.versions[0] ?? ''}`;
  const object = { apiVersion, kind, metadata: { name: 'subject', ...metadata }, spec };
  const result = decodeObject(object, 'Strict');
  const problems = result.ok ? result.warnings : result.problems;
  return problems
    .filter(({ code }) => code !== fieldCodes.dormant)
    .map(
      ({ severity, path = '', message }) =>
        `${severity === 'warning' ? 'warning ' : ''}${path}: ${message}`,
    );
}
