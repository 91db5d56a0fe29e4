import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../kit/clock.ts';
import { OperationError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import { createLog } from '../../kit/log.ts';
import { formatProblem } from '../../kit/problem.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { fieldCodes } from '../api/field-error.ts';
import type { ConfigObject } from '../api/resource.ts';
import { exportYaml } from '../store/export-yaml.ts';
import { openStore } from '../store/open-store.ts';
import { type StoreContent, readStore } from '../store/read-store.ts';
import type { ConfigStore } from '../store/store.ts';
import { type StoreLocation, formatStoreLocation } from '../store/store-location.ts';
import {
  type ConflictPolicy,
  type Transfer,
  type TransferFailure,
  type Verb,
  conflictPolicies,
  findMissing,
  planTransfer,
  transferObjects,
} from '../store/transfer.ts';
import { locateStore, readFiles, readSource } from './store-content.ts';

/** What `cmesh store migrate` and `import` have in common, as text. */
export interface TransferFlags {
  readonly to: string;
  readonly dryRun?: true;
  readonly onConflict: string;
  readonly output?: string;
  readonly consulToken?: string;
}

export interface MigrateFlags extends TransferFlags {
  readonly from: string;
}

export interface ImportFlags extends TransferFlags {
  readonly filename: readonly string[];
}

export interface ExportFlags {
  readonly from: string;
  readonly file?: string;
  readonly withIdentity?: true;
  readonly consulToken?: string;
}

/** What a command stands on. */
export interface StoreCommandContext {
  readonly terminal: Terminal;
  /** The Consul ACL token of the environment, if any. */
  readonly token: string | undefined;
  /** Ends the work after the write that runs. */
  readonly signal: AbortSignal;
}

/**
 * `cmesh store migrate`: copies all objects of a store into another one and looks afterwards whether they are there.
 * Exit codes: 0 all there, 1 a conflict, a refusal or a mistake in the source. Throws OperationError `E_USAGE`.
 */
export async function migrateStore(
  flags: MigrateFlags,
  context: StoreCommandContext,
): Promise<number> {
  const token = flags.consulToken ?? context.token;
  const from = locateStore('from', flags.from, token);
  const to = locateStore('to', flags.to, token);
  if (formatStoreLocation(from) === formatStoreLocation(to)) {
    throw new OperationError('E_USAGE', '--from and --to are the same store');
  }
  return transfer(await readSource(from), to, { flags, context });
}

/** `cmesh store import`: the same from files, folders or standard input. */
export async function importFiles(
  flags: ImportFlags,
  context: StoreCommandContext,
): Promise<number> {
  const to = locateStore('to', flags.to, flags.consulToken ?? context.token);
  return transfer(await readFiles(flags.filename, context.terminal), to, { flags, context });
}

/**
 * `cmesh store export`: all objects of a store as YAML, on standard output or into a file. Exit codes: 0 written, 1
 * written, but the store holds mistakes that are not among it.
 */
export async function exportStore(
  flags: ExportFlags,
  { terminal, token }: StoreCommandContext,
): Promise<number> {
  const from = locateStore('from', flags.from, flags.consulToken ?? token);
  const content = await readSource(from);
  const text = exportYaml(content.objects, { withIdentity: flags.withIdentity === true });
  if (flags.file === undefined) terminal.print(text);
  else await writeFile(flags.file, text);
  return showProblems(content, terminal) ? exitCodes.failed : exitCodes.done;
}

interface TransferContext {
  readonly flags: TransferFlags;
  readonly context: StoreCommandContext;
}

async function transfer(
  source: StoreContent,
  to: StoreLocation,
  { flags, context }: TransferContext,
): Promise<number> {
  const { terminal } = context;
  const policy = readPolicy(flags.onConflict);
  const isJson = readOutput(flags.output);
  if (showProblems(source, terminal)) {
    terminal.complain('nothing has been written: correct the mistakes first\n');
    return exitCodes.failed;
  }
  const plan = planTransfer(source.objects, (await readStore(to)).objects, policy);
  const conflicts = plan.filter(({ verb }) => verb === 'conflict');
  for (const { object } of conflicts) {
    terminal.complain(
      `${nameOf(object)} is in ${formatStoreLocation(to)} already, with another content\n`,
    );
  }
  const report = { plan, terminal, isJson, isDryRun: flags.dryRun === true };
  if (conflicts.length > 0 || flags.dryRun === true) {
    if (flags.dryRun === true) showSummary(report);
    if (conflicts.length === 0) return exitCodes.done;
    terminal.complain(
      'nothing has been written: say --on-conflict overwrite, or keep what is there with --on-conflict keep\n',
    );
    return exitCodes.failed;
  }
  const failures = await write(plan, to, context);
  showSummary({ ...report, failures });
  return failures.length === 0 ? exitCodes.done : exitCodes.failed;
}

function readPolicy(text: string): ConflictPolicy {
  const policy = conflictPolicies.find((candidate) => candidate === text);
  if (policy !== undefined) return policy;
  const message = `--on-conflict "${text}" is not one of ${conflictPolicies.join(', ')}`;
  throw new OperationError('E_USAGE', message);
}

function readOutput(text: string | undefined): boolean {
  if (text === undefined || text === 'json') return text === 'json';
  throw new OperationError('E_USAGE', `--output "${text}" is not json`);
}

/** Whether there is a mistake. What is not of the mesh and left out is said; other warnings are for `cmesh validate`. */
function showProblems({ problems }: StoreContent, terminal: Terminal): boolean {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const foreign = problems.filter(
    ({ severity, code }) => severity !== 'error' && code === fieldCodes.kind,
  );
  for (const problem of foreign) terminal.complain(`left out: ${formatProblem(problem)}\n`);
  for (const problem of errors) terminal.complain(`${formatProblem(problem)}\n`);
  return errors.length > 0;
}

/** Writes, reads everything again, and says what is not as it should be. */
async function write(
  plan: readonly Transfer[],
  to: StoreLocation,
  { terminal, signal }: StoreCommandContext,
): Promise<readonly TransferFailure[]> {
  const store = await openTarget(to);
  const onProgress = reportProgress(terminal);
  const failures = await transferObjects(plan, store, { onProgress, signal });
  await store.close();
  const isRefused = new Set(failures.map(({ object }) => object));
  const missing = findMissing(plan, (await readStore(to)).objects)
    .filter((object) => !isRefused.has(object))
    .map((object) => ({ object, reason: 'is not there as it was written: somebody changed it' }));
  const all = [...failures, ...missing];
  for (const { object, reason } of all) terminal.complain(`${nameOf(object)}: ${reason}\n`);
  return all;
}

/** So long a person waits for a store that does not answer (ms). */
const patience = 10_000;

async function openTarget(to: StoreLocation): Promise<ConfigStore> {
  const signal = AbortSignal.timeout(patience);
  try {
    return await openStore(to, { clock: systemClock, log: createLog('store', 'silent'), signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const place = formatStoreLocation(to);
    throw new OperationError(
      'E_UNAVAILABLE',
      `${place} cannot be opened: Consul does not answer, or its token may not write there`,
      { cause: error },
    );
  }
}

/** A line each second, so that long work is seen to go on. */
function reportProgress(terminal: Terminal): (done: number, all: number) => void {
  let next = performance.now() + 1000;
  return (done, all) => {
    if (performance.now() < next) return;
    next = performance.now() + 1000;
    terminal.complain(`${done} of ${all} written\n`);
  };
}

interface Report {
  readonly plan: readonly Transfer[];
  readonly terminal: Terminal;
  readonly isJson: boolean;
  readonly isDryRun: boolean;
  readonly failures?: readonly TransferFailure[];
}

const order: readonly Verb[] = ['create', 'overwrite', 'keep', 'conflict', 'unchanged'];
const words: Readonly<Record<Verb, string>> = {
  create: 'created',
  overwrite: 'overwritten',
  keep: 'kept as it was there',
  conflict: 'in conflict',
  unchanged: 'unchanged',
};

function showSummary({ plan, terminal, isJson, isDryRun, failures = [] }: Report): void {
  const failed = new Set(failures.map(({ object }) => object));
  const counts = order.map((verb) => {
    const counted = plan.filter((one) => one.verb === verb && !failed.has(one.object));
    return [verb, counted.length] as const;
  });
  if (isJson) {
    const result = { ...Object.fromEntries(counts), failed: failures.length, dryRun: isDryRun };
    terminal.print(`${JSON.stringify(result)}\n`);
    return;
  }
  if (isDryRun) {
    for (const { verb, object } of plan) {
      if (verb !== 'unchanged') terminal.print(`${verb} ${nameOf(object)}\n`);
    }
  }
  const parts = counts
    .filter(([verb, count]) => count > 0 || verb === 'create')
    .map(([verb, count]) => `${count} ${words[verb]}`);
  if (failures.length > 0) parts.push(`${failures.length} failed`);
  terminal.print(`${parts.join(', ')}${isDryRun ? ' (dry run)' : ''}\n`);
}

function nameOf({ kind, metadata }: ConfigObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
