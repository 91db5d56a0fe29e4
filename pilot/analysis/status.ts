import type { Problem } from '../../kit/problem.ts';
import type { ConfigObject, Json } from '../api/resource.ts';
import { infoOf, isCode } from './codes.ts';

/** Where the page about a code is, from the root of the repository. */
export function documentationOf(code: string): string {
  return `docs/analysis.md#${code.toLowerCase()}`;
}

/**
 * The object with the messages of the analysis in its status, as Istio's IstioStatus has them (istio/api
 * meta/v1alpha1/status.proto, analysis/v1alpha1/message.proto); message and path are ours. Messages of another time
 * are left out.
 */
export function withMessages(object: ConfigObject, problems: readonly Problem[]): ConfigObject {
  const { status, ...rest } = object;
  const others = Object.entries(isMap(status) ? status : {}).filter(
    ([name]) => name !== 'validationMessages' && name !== 'observedGeneration',
  );
  const { generation } = object.metadata;
  const own =
    problems.length === 0
      ? []
      : [
          ...(generation === undefined ? [] : [['observedGeneration', generation] as const]),
          ['validationMessages', problems.map(toMessage)] as const,
        ];
  const entries = [...others, ...own];
  if (entries.length === 0 && status === undefined) return object;
  return entries.length === 0 ? rest : { ...rest, status: Object.fromEntries(entries) };
}

function toMessage({ code, severity, path, message }: Problem): Json {
  return {
    type: { ...(isCode(code) ? { name: infoOf(code).name } : {}), code },
    level: severity.toUpperCase(),
    documentationUrl: documentationOf(code),
    ...(path === undefined ? {} : { path }),
    message,
  };
}

function isMap(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
