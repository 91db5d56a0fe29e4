import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { OperationError, describeError } from '../../kit/errors.ts';
import { exitCodeOf, exitCodes } from '../../kit/exit-code.ts';
import { formatProblem } from '../../kit/problem.ts';
import { readMeshFile } from '../../local/mesh-file.ts';
import type { PilotAddress } from '../../pilot/client/pilot-address.ts';
import { toTestService } from '../case-file/suite.ts';
import { explain } from '../explain/explain.ts';
import type { ExplainedMesh } from '../explain/explained-mesh.ts';
import { formatExplanation } from '../explain/explanation-tree.ts';
import type { Explanation } from '../explain/explanation.ts';
import { findFiles } from '../files/file-pattern.ts';
import { type RuleFiles, placeProblem, readRuleFiles } from '../files/rule-files.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import type { TestRequest } from '../mesh/observation.ts';
import { OfflineMesh } from '../mesh/offline-mesh.ts';
import type { TestService } from '../mesh/service.ts';
import { findTarget, knownServices } from '../mesh/targets.ts';

/** The flags of `cmesh explain`. */
export interface ExplainFlags {
  readonly from: string;
  readonly header: readonly string[];
  readonly data?: string;
  readonly rules: readonly string[];
  readonly services?: string;
  readonly json?: true;
  readonly live?: true;
  /** The pilot to ask with `live`. */
  readonly pilot: PilotAddress;
}

/** Where the command runs and writes. */
export interface ExplainSurroundings {
  readonly folder: string;
  /** Path of Envoy. */
  readonly findEnvoy: () => Promise<string>;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/**
 * `cmesh explain [METHOD] URL`: prints what a mesh does with a request. Exit codes: 0 explained, 2 cannot be: a flag,
 * a file or a rule is wrong, 3 no pilot answers.
 */
export async function runExplainCommand(
  words: readonly string[],
  flags: ExplainFlags,
  surroundings: ExplainSurroundings,
): Promise<number> {
  try {
    const request = readRequest(words, flags);
    const known = await readMesh(flags, surroundings.folder);
    const caller = findCaller(flags.from, known);
    const explanation = await explainIn(known, caller, { request, surroundings });
    const text = flags.json
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : formatExplanation(explanation);
    surroundings.print(text);
    return exitCodes.done;
  } catch (error) {
    surroundings.complain(`cmesh explain: ${describeError(error)}\n`);
    return exitCodeOf(error, exitCodes.usage);
  }
}

async function explainIn(
  { services, rules, addressOf, statusOf }: ExplainedMesh,
  caller: Caller,
  { request, surroundings }: { request: TestRequest; surroundings: ExplainSurroundings },
): Promise<Explanation> {
  const envoy = await surroundings.findEnvoy();
  const mesh = await OfflineMesh.start({ envoy, services, rules: rules.resources });
  try {
    for (const problem of [...rules.problems, ...mesh.problems]) {
      surroundings.complain(`warning: ${formatProblem(placeProblem(rules, problem))}\n`);
    }
    const options = { mesh, rules, ...(addressOf === undefined ? {} : { addressOf }) };
    const explanation = await explain(caller, request, options);
    return statusOf === undefined ? explanation : { ...explanation, live: await statusOf(caller) };
  } finally {
    await mesh.close();
  }
}

function readRequest(words: readonly string[], flags: ExplainFlags): TestRequest {
  const [first = '', second] = words;
  const [method, text] = second === undefined ? ['GET', first] : [first.toUpperCase(), second];
  if (words.length > 2 || !/^[A-Z]+$/.test(method)) {
    throw wrong(`"${words.join(' ')}" is not [METHOD] URL, such as GET http://reviews:9080/`);
  }
  const url = /^[a-z]+:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url) || !/^(http|tcp):$/.test(new URL(url).protocol)) {
    throw wrong(`"${text}" is not a URL such as http://reviews:9080/ or tcp://db:3306`);
  }
  const { data } = flags;
  return {
    method,
    url,
    headers: Object.fromEntries(flags.header.map(readHeader)),
    ...(data === undefined ? {} : { body: data }),
  };
}

function readHeader(text: string): readonly [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw wrong(`-H "${text}" is not NAME: VALUE, such as 'end-user: jason'`);
  }
  return [name.toLowerCase(), value];
}

async function readMesh(flags: ExplainFlags, folder: string): Promise<ExplainedMesh> {
  if (flags.live === true) {
    if (flags.services !== undefined || flags.rules.length > 0) {
      throw wrong(
        '--live takes rules and services from the running mesh: leave --rules and --services out',
      );
    }
    const { readLiveMesh } = await import('../live/live-mesh-view.ts');
    return readLiveMesh(flags.pilot);
  }
  if (flags.services === undefined) {
    throw wrong(
      '--services FILE is missing: a mesh file such as samples/bookinfo/mesh.yaml says which services there are (or --live: a running mesh)',
    );
  }
  return {
    services: await readServices(flags.services, folder),
    rules: await readRules(flags.rules, folder),
  };
}

async function readServices(path: string, folder: string): Promise<readonly TestService[]> {
  const file = resolve(folder, path);
  const read = readMeshFile(relative(folder, file), await readFile(file, 'utf8'));
  if (!read.ok) throw wrong(read.problems.map(formatProblem).join('\n'));
  return read.file.services.map(toTestService);
}

async function readRules(paths: readonly string[], folder: string): Promise<RuleFiles> {
  const found = await Promise.all(paths.map((path) => findFiles(path, folder)));
  const missing = paths.filter((_, index) => found[index]?.length === 0);
  if (missing.length > 0) throw wrong(`--rules: there is no file ${missing.join(', ')}`);
  const rules = await readRuleFiles([...new Set(found.flat())], folder);
  const errors = rules.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw wrong(errors.map(formatProblem).join('\n'));
  return rules;
}

function findCaller(text: string, { services, rules }: ExplainedMesh): Caller {
  const found = findTarget(text, knownServices(services, rules.resources));
  if (!found.ok) throw wrong(`--from ${text}: ${found.advice}`);
  const { workload, service } = found.target;
  const { name, labels } = workload ?? service.workloads[0] ?? { name: text, labels: {} };
  return { workload: name, labels };
}

function wrong(message: string): OperationError {
  return new OperationError('E_USAGE', message);
}
