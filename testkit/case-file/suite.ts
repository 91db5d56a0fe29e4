import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describeError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';
import { type MeshFileService, readMeshFile } from '../../local/mesh-file.ts';
import { type FieldError, invalid, required } from '../../pilot/api/field-error.ts';
import { placeErrors } from '../../pilot/store/checked-yaml.ts';
import type { Place } from '../../pilot/store/yaml-place.ts';
import { findFiles, showPath } from '../files/file-pattern.ts';
import { type RuleFiles, readRuleFiles } from '../files/rule-files.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import type { TestService } from '../mesh/service.ts';
import { findTarget, knownServices } from '../mesh/targets.ts';
import { type CaseFile, type TestCase, readCaseFile } from './case-file.ts';
import { checkNames } from './names-check.ts';

/** A case file with all that it names. */
export interface Suite {
  /** Relative to the working directory. */
  readonly path: string;
  readonly services: readonly TestService[];
  readonly rules: RuleFiles;
  readonly cases: readonly SuiteCase[];
}

export interface SuiteCase extends TestCase {
  readonly place: Place;
  readonly caller: Caller;
}

export interface LoadedSuite {
  /** Absent when something is wrong with it. */
  readonly suite?: Suite;
  readonly problems: readonly Problem[];
  /** Absolute paths of all files that were read. */
  readonly files: readonly string[];
}

/** Who calls when nobody is named: a workload that serves nothing and has no labels. */
const anonymous: Caller = { workload: 'client', labels: {} };

/**
 * Reads a case file, its rules and its services. What it names is looked for in the folder of the case file, and
 * then in the working directory. Throws only when a file cannot be read.
 */
export async function loadSuite(path: string, folder: string): Promise<LoadedSuite> {
  const absolute = resolve(folder, path);
  const shown = showPath(absolute, folder);
  const read = readCaseFile(shown, await readFile(absolute, 'utf8'));
  if (!read.ok) return { problems: read.problems, files: [absolute] };
  const { file } = read;
  const folders = [dirname(absolute), folder];
  const services = await loadServices(file, folders, folder);
  const found = await findRules(file, folders);
  const rules = await readRuleFiles(found.files, folder);
  const known = knownServices(services.services, rules.resources);
  const errors = [
    ...services.errors,
    ...found.errors,
    ...(services.errors.length + services.problems.length > 0
      ? []
      : checkNames(file, known, rules.resources)),
  ];
  const problems = [
    ...placeErrors(shown, errors, file.placeOf),
    ...services.problems,
    ...rules.problems,
  ];
  const files = [absolute, ...services.files, ...found.files];
  if (problems.some(({ severity }) => severity === 'error')) return { problems, files };
  const cases = file.cases.map((entry) => ({
    ...entry,
    place: file.placeOf(entry.field),
    caller: callerOf(entry, known),
  }));
  return { suite: { path: shown, services: services.services, rules, cases }, problems, files };
}

interface LoadedServices {
  readonly services: readonly TestService[];
  readonly errors: readonly FieldError[];
  readonly problems: readonly Problem[];
  readonly files: readonly string[];
}

async function loadServices(
  { services }: CaseFile,
  folders: readonly string[],
  shownFrom: string,
): Promise<LoadedServices> {
  const none = { services: [], errors: [], problems: [], files: [] };
  if (services === undefined) return none;
  if (services.kind === 'list') return { ...none, services: services.services };
  if (services.kind === 'mesh') return loadRunningServices(services.server);
  const path = folders.map((folder) => resolve(folder, services.path)).find(existsSync);
  if (path === undefined) {
    return { ...none, errors: [invalid('services', services.path, noFile)] };
  }
  const read = readMeshFile(showPath(path, shownFrom), await readFile(path, 'utf8'));
  return read.ok
    ? { ...none, services: read.file.services.map(toTestService), files: [path] }
    : { ...none, problems: read.problems, files: [path] };
}

/** Those of a running mesh. Only their names, versions and ports are taken: the cases are tried with stand-ins. */
async function loadRunningServices(server: string): Promise<LoadedServices> {
  const { readLiveMesh } = await import('../live/live-mesh-view.ts');
  try {
    const { services } = await readLiveMesh({
      url: server.replace(/\/$/, ''),
      source: 'services:',
    });
    return { services, errors: [], problems: [], files: [] };
  } catch (error) {
    const errors = [invalid('services', server, describeError(error))];
    return { services: [], errors, problems: [], files: [] };
  }
}

const noFile = 'there is no such file, neither beside the case file nor in the working directory';

/** A service of a mesh file, with a workload for each of its versions. */
export function toTestService(service: MeshFileService): TestService {
  const { name, port, protocol } = service;
  const versions = [
    ...service.versions.map(({ version }) => version),
    ...service.endpoints.map(({ version }) => version),
  ];
  return {
    name,
    ports: [{ number: port, ...(protocol === undefined ? {} : { protocol }) }],
    workloads: [...new Set(versions)].map((version) => ({
      name: version === undefined ? name : `${name}-${version}`,
      ...(version === undefined ? {} : { version }),
      labels: { app: name, ...(version === undefined ? {} : { version }) },
    })),
  };
}

async function findRules(
  { rules }: CaseFile,
  folders: readonly string[],
): Promise<{ readonly files: readonly string[]; readonly errors: readonly FieldError[] }> {
  const files: string[] = [];
  const errors: FieldError[] = [];
  for (const [index, path] of rules.entries()) {
    const found = await findFirst(path, folders);
    files.push(...found);
    if (found.length === 0) {
      errors.push(
        path === ''
          ? required(`rules[${index}]`, 'name a file')
          : invalid(`rules[${index}]`, path, noFile),
      );
    }
  }
  return { files: [...new Set(files)], errors };
}

async function findFirst(path: string, folders: readonly string[]): Promise<readonly string[]> {
  for (const folder of folders) {
    const found = await findFiles(path, folder);
    if (found.length > 0) return found;
  }
  return [];
}

function callerOf({ from }: TestCase, services: readonly TestService[]): Caller {
  const found = from?.target === undefined ? undefined : findTarget(from.target, services);
  const target = found?.ok === true ? found.target : undefined;
  const workload = target?.workload ?? target?.service.workloads[0];
  return {
    workload: workload?.name ?? anonymous.workload,
    labels: { ...workload?.labels, ...from?.labels },
  };
}
