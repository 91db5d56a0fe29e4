import type { Command } from 'commander';
import type { Connection } from '../../pilot/client/connection.ts';

/** A word that may stand next. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What may stand where somebody has pressed Tab. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of files may stand there too. */
  readonly withFiles?: boolean;
  /** The word goes on after the candidate, as after `virtualservice/`. */
  readonly isOpen?: boolean;
}

/** What has been typed so far. */
export interface Typed {
  /** The arguments before, without options. */
  readonly words: readonly string[];
  /** The beginning of the word that is to be completed. */
  readonly current: string;
  /** By the name of their attribute, such as allNamespaces; true: without a value. */
  readonly flags: Readonly<Record<string, string | true>>;
}

/** Gives candidates; those that do not begin with what is typed are left out later. */
export type Completer = (typed: Typed) => Promise<Completion>;

const ofArguments = new WeakMap<Command, Completer>();
const ofOptions = new WeakMap<Command, Map<string, Completer>>();

/** Says what the arguments of a command may be. Returns the command. */
export function completeArguments(command: Command, completer: Completer): Command {
  ofArguments.set(command, completer);
  return command;
}

/** Says what the value of an option, such as `--namespace`, may be. Returns the command. */
export function completeOption(command: Command, long: string, completer: Completer): Command {
  const known = ofOptions.get(command) ?? new Map<string, Completer>();
  ofOptions.set(command, known.set(long, completer));
  return command;
}

export function argumentCompleter(command: Command): Completer | undefined {
  return ofArguments.get(command);
}

export function optionCompleter(command: Command, long: string): Completer | undefined {
  return ofOptions.get(command)?.get(long);
}

/** Milliseconds that each question to pilot may take: nobody waits longer for Tab, who has not said so. */
const patience = 500;

/**
 * Asks the pilot that the flags name; nothing when none answers, or not in the time of CMESH_COMPLETION_PATIENCE, because
 * nobody wants to read of it at Tab.
 */
export async function askQuietly<T>(
  flags: Typed['flags'],
  ask: (pilot: Connection) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const { findPilot } = await import('../../pilot/client/pilot-address.ts');
  const { connectPilot } = await import('../../pilot/client/connection.ts');
  const { parseDuration } = await import('../../pilot/api/duration.ts');
  try {
    const pilot = connectPilot(findPilot(textsOf(flags), process.env));
    const given = parseDuration(process.env['CMESH_COMPLETION_PATIENCE'] ?? '') ?? 0;
    const timeout = given > 0 ? given : patience;
    try {
      return await ask({ ...pilot, ask: (question) => pilot.ask({ ...question, timeout }) });
    } finally {
      await pilot.close();
    }
  } catch {
    return [];
  }
}

function textsOf(flags: Typed['flags']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(flags).filter((entry): entry is [string, string] => entry[1] !== true),
  );
}
