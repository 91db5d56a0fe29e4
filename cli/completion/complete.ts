import type { Command, Option } from 'commander';
import {
  type Candidate,
  type Completion,
  type Typed,
  argumentCompleter,
  optionCompleter,
} from './completers.ts';

/**
 * What may stand at the end of a command line: `words` are those after `cmesh`, the last one is the one to complete,
 * and may be ''. Commands, options and fixed values come from what the program knows of itself.
 */
export async function complete(program: Command, words: readonly string[]): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const position = readPosition(program, words.slice(0, -1));
  const completion = await completeAt(position, current);
  const candidates = completion.candidates.filter(({ value }) => value.startsWith(current));
  return { ...completion, candidates };
}

/** Where on the command line the word to complete stands. */
interface Position {
  readonly command: Command;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | true>>;
  /** Whose value comes next. */
  readonly option?: Option;
  /** The value may also be the next argument: it is not the first of several. */
  readonly isRepeated: boolean;
  /** After `--` there are no more options. */
  readonly isOver: boolean;
}

function readPosition(program: Command, words: readonly string[]): Position {
  const start: Position = {
    command: program,
    words: [],
    flags: {},
    isRepeated: false,
    isOver: false,
  };
  return words.reduce(step, start);
}

/** The position after one more word. */
function step(position: Position, word: string): Position {
  const { command, words, flags, option, isOver } = position;
  if (!isOver && word === '--') return { ...close(position), isOver: true };
  if (!isOver && word.startsWith('-')) return stepOption(close(position), word);
  if (option !== undefined) {
    const known = { ...flags, [option.attributeName()]: word };
    if (option.variadic) return { ...position, flags: known, isRepeated: true };
    return { ...close(position), flags: known };
  }
  const child = words.length === 0 ? findCommand(command, word) : undefined;
  if (child !== undefined) return { ...position, command: child };
  return { ...position, words: [...words, word] };
}

function close({ command, words, flags, isOver }: Position): Position {
  return { command, words, flags, isOver, isRepeated: false };
}

function stepOption(position: Position, word: string): Position {
  const [name = '', value] = word.split(/=(.*)/s);
  const option = findOption(position.command, name);
  if (option === undefined) return position;
  if (option.required && value === undefined) return { ...position, option };
  const given: string | true = value ?? true;
  return { ...position, flags: { ...position.flags, [option.attributeName()]: given } };
}

function findCommand(command: Command, name: string): Command | undefined {
  return command.commands.find((child) => child.name() === name || child.aliases().includes(name));
}

function findOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => flag === short || flag === long);
}

async function completeAt(position: Position, current: string): Promise<Completion> {
  const { command, option, isOver, isRepeated } = position;
  const isFlag = !isOver && current.startsWith('-');
  if (option !== undefined && (!isRepeated || !isFlag)) {
    return completeValue(position, option, current);
  }
  if (!isFlag) return completeArgument(position, current);
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  const long = name === undefined ? undefined : findOption(command, name);
  if (long === undefined) return { candidates: listFlags(position) };
  const completion = await completeValue(position, long, value ?? '');
  const candidates = completion.candidates.map((candidate) => ({
    ...candidate,
    value: `${name ?? ''}=${candidate.value}`,
  }));
  return { ...completion, candidates };
}

/** The options that are left; an option that takes several values may come again. */
function listFlags({ command, flags }: Position): readonly Candidate[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .filter((option) => option.variadic || flags[option.attributeName()] === undefined)
    .flatMap(({ short, long, description }) =>
      [long, short].flatMap((value) => (value === undefined ? [] : [{ value, description }])),
    );
}

async function completeValue(
  position: Position,
  option: Option,
  current: string,
): Promise<Completion> {
  const completer = optionCompleter(position.command, option.long ?? '');
  if (completer !== undefined) return completer(typedAt(position, current));
  return fixed(option.argChoices, option.flags);
}

async function completeArgument(position: Position, current: string): Promise<Completion> {
  const { command, words } = position;
  const children = words.length === 0 ? listCommands(command) : [];
  if (children.length > 0) return { candidates: children };
  const completer = argumentCompleter(command);
  if (completer !== undefined) return completer(typedAt(position, current));
  const { registeredArguments: known } = command;
  const last = known.at(-1);
  const argument = known[words.length] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? { candidates: [] } : fixed(argument.argChoices, argument.name());
}

function typedAt({ words, flags }: Position, current: string): Typed {
  return { words, flags, current };
}

function listCommands(command: Command): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ value: child.name(), description: child.summary() || child.description() }));
}

/** What an option or an argument says of itself: its choices, or by its name that it is a file. */
function fixed(choices: readonly string[] | undefined, name: string): Completion {
  if (choices !== undefined) return { candidates: choices.map((value) => ({ value })) };
  return { candidates: [], withFiles: /file|folder|path/.test(name) };
}

/** Bits of the last line, with the meaning that they have for cobra's scripts. */
const openWord = 2;
const noFiles = 4;

/** A candidate a line, with its description after a tab; then a line that says what else the shell is to know. */
export function formatCompletion({ candidates, withFiles, isOpen }: Completion): string {
  const lines = candidates.map(({ value, description }) =>
    description === undefined ? value : `${value}\t${oneLine(description)}`,
  );
  const bits = (withFiles === true ? 0 : noFiles) + (isOpen === true ? openWord : 0);
  return [...lines, `:${bits}`, ''].join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
