import { decodeObject } from '../../pilot/api/decode.ts';

/** What decoding says of a spec, one line each: `path: message`; warnings begin with `warning `. */
export function findingsOf(kind: string, spec: unknown): readonly string[] {
  const result = decodeObject(
    { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'subject' }, spec },
    'Strict',
  );
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map(
    ({ severity, path = '', message }) =>
      `${severity === 'warning' ? 'warning ' : ''}${path}: ${message}`,
  );
}
