import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { OperationError } from '../kit/errors.ts';
import { formatProblem } from '../kit/problem.ts';
import { readMeshFile } from '../local/mesh-file.ts';
import type { Protocol } from '../registrator/contract/service-record.ts';
import { findFiles } from './files/file-pattern.ts';
import { type RuleFiles, collectRules } from './files/rule-files.ts';
import type { TestService } from './mesh/service.ts';
import { toTestService } from './case-file/suite.ts';

/** What `startMesh` starts. */
export interface MeshOptions {
  /** Path of a mesh file (docs/local.md), or the services themselves. */
  readonly services: string | readonly ServiceOptions[];
  /** In the order in which they are applied; default: none. */
  readonly rules?: Rules;
  /** Where paths begin. Default: the working directory. */
  readonly folder?: string;
  /** Path of Envoy. Default: the one that `cmesh` finds or fetches (ENVOY_BIN, PATH, cache, download). */
  readonly envoy?: string;
}

/** A service of a test; a backend stands for each of its versions. */
export interface ServiceOptions {
  /** Name by which others call it; with a dot in it, a full host name. */
  readonly name: string;
  /** Default 80. */
  readonly port?: number;
  /** Default http; `tcp` for what is no HTTP. */
  readonly protocol?: Protocol;
  /** Default: one workload without a version. */
  readonly versions?: readonly string[];
  /** Labels of all its workloads, beside app and version. */
  readonly labels?: Readonly<Record<string, string>>;
}

export type Rules = Rule | readonly Rule[];

/** A path of a file, a folder or a pattern; text in YAML; or an object as it would be in YAML. */
export type Rule = string | { readonly yaml: string } | { readonly kind: string };

/** Throws OperationError `E_MESH_FILE` with every mistake of the file. */
export async function readServices(
  services: MeshOptions['services'],
  folder: string,
): Promise<readonly TestService[]> {
  if (typeof services !== 'string') return services.map(createService);
  const path = resolve(folder, services);
  const read = readMeshFile(relative(folder, path), await readFile(path, 'utf8'));
  if (read.ok) return read.file.services.map(toTestService);
  throw new OperationError('E_MESH_FILE', read.problems.map(formatProblem).join('\n'));
}

function createService(options: ServiceOptions): TestService {
  const { name, port = 80, protocol = 'http', versions = [], labels = {} } = options;
  const named = versions.map((version) => ({
    name: `${name}-${version}`,
    version,
    labels: { app: name, ...labels, version },
  }));
  const unnamed = { name, labels: { app: name, ...labels } };
  return {
    name,
    ports: [{ number: port, protocol }],
    workloads: named.length === 0 ? [unnamed] : named,
  };
}

/** Throws OperationError `E_RULES` with every mistake in the rules, each with file, line and column. */
export async function readRules(rules: Rules, folder: string): Promise<RuleFiles> {
  const list = Array.isArray(rules) ? (rules as readonly Rule[]) : [rules as Rule];
  const objects = new Set(
    list.flatMap((rule, index) =>
      typeof rule === 'object' && 'kind' in rule ? [nameAt(index)] : [],
    ),
  );
  const texts = await Promise.all(list.map((rule, index) => readRule(rule, index, folder)));
  const read = collectRules(texts.flat());
  const errors = read.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw new OperationError('E_RULES', errors.map(formatProblem).join('\n'));
  }
  // An object has fields, but no lines.
  const origins = [...read.origins].filter(([, { file }]) => !objects.has(file));
  return { ...read, origins: new Map(origins) };
}

function nameAt(index: number): string {
  return `rules[${index}]`;
}

interface RuleText {
  readonly file: string;
  readonly text: string;
}

async function readRule(rule: Rule, index: number, folder: string): Promise<readonly RuleText[]> {
  if (typeof rule === 'string') return readPath(rule, folder);
  const file = nameAt(index);
  // JSON is YAML.
  return [{ file, text: 'yaml' in rule ? rule.yaml : JSON.stringify(rule, undefined, 1) }];
}

async function readPath(path: string, folder: string): Promise<readonly RuleText[]> {
  const files = await findFiles(path, folder);
  if (files.length === 0) throw new OperationError('E_RULES', `there is no file ${path}`);
  return Promise.all(
    files.map(async (file) => ({
      file: relative(folder, file),
      text: await readFile(file, 'utf8'),
    })),
  );
}
