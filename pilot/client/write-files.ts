import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../kit/errors.ts';
import { exitCodeOf, exitCodes } from '../../kit/exit-code.ts';
import { formatProblem } from '../../kit/problem.ts';
import { findKind, splitApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { parseConfigFile, staysInForce } from '../store/config-file.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { connectPilot } from './connection.ts';
import type { PilotAddress } from './pilot-address.ts';
import { type ApiClient, type Outcome, createApiClient } from './api-client.ts';

export interface WriteCommand {
  readonly verb: 'apply' | 'delete';
  /** Files, folders with YAML files in them, or - for standard input. */
  readonly files: readonly string[];
  readonly pilot: PilotAddress;
  /** What is not there counts as deleted. */
  readonly ignoreNotFound: boolean;
}

/**
 * `cmesh apply` and `cmesh delete`: sends every object of the files to pilot, in their order, and says of each what
 * became of it, in the words of kubectl. One mistake does not stop the rest. Exit codes: 0 all done, 1 something
 * was not. Throws OperationError `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`.
 */
export async function writeFiles(command: WriteCommand, terminal: Terminal): Promise<number> {
  const connection = connectPilot(command.pilot);
  const client = createApiClient(connection);
  const failures: string[] = [];
  const fail = (line: string): void => {
    failures.push(line);
    terminal.complain(`${line}\n`);
  };
  for (const place of command.files) {
    try {
      for (const path of await listFiles(place)) {
        const text = path === '-' ? await terminal.readInput() : await readFile(path, 'utf8');
        await writeFile({ path, text }, { command, client, terminal, fail });
      }
    } catch (error) {
      if (isHopeless(error)) throw error;
      fail(`${place}: ${describeError(error)}`);
    }
  }
  await connection.close();
  return failures.length > 0 ? 1 : 0;
}

interface WriteContext {
  readonly command: WriteCommand;
  readonly client: ApiClient;
  readonly terminal: Terminal;
  readonly fail: (line: string) => void;
}

async function writeFile(
  { path, text }: { readonly path: string; readonly text: string },
  { command, client, terminal, fail }: WriteContext,
): Promise<void> {
  for (const { object, problems, line } of parseConfigFile(path, text).documents) {
    for (const problem of problems) fail(formatProblem(problem).replace(staysInForce, ''));
    if (object === undefined) continue;
    try {
      const outcome = await client[command.verb](object);
      const missing = outcome === 'not found' && !command.ignoreNotFound;
      if (missing) fail(`${path}:${line}: ${describe(object, outcome)}`);
      else if (outcome !== 'not found') terminal.print(`${describe(object, outcome)}\n`);
    } catch (error) {
      if (isHopeless(error)) throw error;
      fail(`${path}:${line}: ${describeError(error)}`);
    }
  }
}

/** Whether no later object can fare better. */
function isHopeless(error: unknown): boolean {
  return exitCodeOf(error) === exitCodes.noPilot;
}

/** As kubectl says it. */
function describe({ apiVersion, kind, metadata }: ConfigObject, outcome: Outcome): string {
  const { group } = splitApiVersion(apiVersion);
  const definition = findKind(apiVersion, kind);
  const name = `${definition?.singular ?? kind.toLowerCase()}.${group}`;
  return outcome === 'deleted' || outcome === 'not found'
    ? `${name} "${metadata.name}" ${outcome}`
    : `${name}/${metadata.name} ${outcome}`;
}

async function listFiles(place: string): Promise<readonly string[]> {
  if (place === '-' || !(await stat(place)).isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  return names.map((name) => join(place, name));
}
