/** Command line flags as Go's package `flag` reads them, because gliderlabs/registrator does. */

export type FlagKind = 'boolean' | 'integer' | 'text';

export interface ParsedFlags {
  readonly booleans: ReadonlyMap<string, boolean>;
  readonly integers: ReadonlyMap<string, number>;
  readonly texts: ReadonlyMap<string, string>;
  /** What follows the flags. */
  readonly rest: readonly string[];
  readonly help: boolean;
  /** Every mistake, in the order of writing. */
  readonly mistakes: readonly string[];
}

type FlagValue =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string };

/**
 * Reads `-x`, `-x=v`, `-x v` and the same with two dashes. A boolean takes a value only with `=`. The first
 * argument that is no flag, or `--`, ends the flags. A later flag of the same name wins.
 */
export function parseFlags(
  argv: readonly string[],
  kinds: Readonly<Record<string, FlagKind>>,
): ParsedFlags {
  const values = new Map<string, FlagValue>();
  const mistakes: string[] = [];
  const queue = [...argv];
  let help = false;
  for (let word = queue[0]; word !== undefined && /^-./.test(word); word = queue[0]) {
    queue.shift();
    if (word === '--') break;
    const { name, inline } = splitFlag(word);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      if (name === 'h' || name === 'help') help = true;
      else mistakes.push(`flag provided but not defined: -${name}`);
      continue;
    }
    const read = readValue(name, kind, inline ?? (kind === 'boolean' ? 'true' : queue.shift()));
    if (typeof read === 'string') mistakes.push(read);
    else values.set(name, read);
  }
  return { ...sortByKind(values), rest: queue, help, mistakes };
}

function sortByKind(
  values: ReadonlyMap<string, FlagValue>,
): Pick<ParsedFlags, 'booleans' | 'integers' | 'texts'> {
  const booleans = new Map<string, boolean>();
  const integers = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const [name, flag] of values) {
    if (flag.kind === 'boolean') booleans.set(name, flag.value);
    else if (flag.kind === 'integer') integers.set(name, flag.value);
    else texts.set(name, flag.value);
  }
  return { booleans, integers, texts };
}

/** The value, or in words what is wrong with it. */
function readValue(name: string, kind: FlagKind, text: string | undefined): FlagValue | string {
  if (text === undefined) return `flag needs an argument: -${name}`;
  return parseValue(kind, text) ?? `invalid value "${text}" for flag -${name}`;
}

function splitFlag(word: string): { readonly name: string; readonly inline?: string } {
  const [, name = '', inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  return inline === undefined ? { name } : { name, inline };
}

/** The spellings that Go's strconv.ParseBool and ParseInt take. */
function parseValue(kind: FlagKind, text: string): FlagValue | undefined {
  switch (kind) {
    case 'text':
      return { kind, value: text };
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? { kind, value: Number(text) } : undefined;
    case 'boolean':
      if (/^(1|t|T|true|True|TRUE)$/.test(text)) return { kind, value: true };
      return /^(0|f|F|false|False|FALSE)$/.test(text) ? { kind, value: false } : undefined;
  }
}
