import { readFileSync, readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Problem } from '../../kit/problem.ts';
import { analyze } from '../../pilot/analysis/analysis.ts';
import { isCode } from '../../pilot/analysis/codes.ts';
import { decodeObject } from '../../pilot/api/decode.ts';
import { formatKey } from '../../pilot/api/kinds.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { catalogOf } from './mesh-fixture.ts';

/** A mistake and how it is put right, as docs/analysis.md shows it. */
export interface AnalysisExample {
  readonly code: string;
  readonly mistake: string;
  /** Objects that are applied over those of the mistake. */
  readonly fix: string;
  /** The object that is deleted to put it right, as `KIND NAME`. */
  readonly deleted?: string;
}

const folder = new URL('../../pilot/analysis/examples/', import.meta.url);
const marker = /^# Fixed(?:, without (\S+ \S+))?:\n/m;

export function readExamples(): readonly AnalysisExample[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      const [mistake = '', deleted, fix = ''] = text.split(marker);
      return {
        code: file.replace('.yaml', ''),
        mistake,
        fix,
        ...(deleted === undefined ? {} : { deleted }),
      };
    });
}

/** The services that all examples are about; docs/analysis.md says so in words. */
export const exampleServices = catalogOf([
  { service: 'db', address: '10.0.0.1', port: 3306, protocol: 'mysql' },
  { service: 'shop', address: '10.0.0.2', port: 80, protocol: 'http' },
  { service: 'shop', address: '10.0.0.2', port: 8080, protocol: 'http' },
  { service: 'web', address: '10.0.0.3', port: 80, protocol: 'http', version: 'v1' },
  { service: 'web', address: '10.0.0.4', port: 80, protocol: 'http', version: 'v2' },
]);

interface Decoded {
  readonly resources: readonly ConfigResource[];
  readonly problems: readonly Problem[];
}

/** What is said of the mistake, and what of the mesh when it is put right. */
export function judgeExample(example: AnalysisExample): {
  readonly mistake: readonly Problem[];
  readonly fixed: readonly Problem[];
} {
  const mistake = decodeAll(example.mistake);
  const fix = decodeAll(example.fix);
  const fixed = new Map(mistake.resources.map((resource) => [formatKey(resource.key), resource]));
  for (const resource of fix.resources) fixed.set(formatKey(resource.key), resource);
  for (const [key, { kind, key: name }] of [...fixed]) {
    if (`${kind} ${name.name}` === example.deleted) fixed.delete(key);
  }
  return {
    mistake: [...mistake.problems, ...judge(mistake.resources)],
    fixed: [...fix.problems, ...judge([...fixed.values()])],
  };
}

function judge(resources: readonly ConfigResource[]): readonly Problem[] {
  return analyze(resources, { domain: 'service.consul', services: exampleServices });
}

/** Only what has a code of the analysis: that a kind is not yet in force is another matter. */
function decodeAll(yaml: string): Decoded {
  const decoded = parseAllDocuments(yaml).map((document) => {
    const result = decodeObject(document.toJS(), 'Strict');
    if (!result.ok) throw new Error(`${yaml}\n${JSON.stringify(result.problems)}`);
    return result;
  });
  return {
    resources: decoded.map(({ resource }) => resource),
    problems: decoded.flatMap(({ warnings }) => warnings).filter(({ code }) => isCode(code)),
  };
}
