/** The words and signs of an action of a template. */
import { TemplateError } from './template-error.ts';
import type { Operand } from './template-tree.ts';

export type Token =
  | { readonly kind: 'open' | 'close' | 'pipe' | 'comma' }
  /** `:=`, or `=`. */
  | { readonly kind: 'set'; readonly declares: boolean }
  | Exclude<Operand, { readonly kind: 'group' }>;

const pattern =
  /\s*(?:(?<quoted>"(?:[^"\\]|\\.)*")|`(?<raw>[^`]*)`|(?<digits>-?\d+)(?![\w.])|(?<variable>\$\w*(?:\.[A-Za-z_]\w*)*)|(?<field>(?:\.[A-Za-z_]\w*)+|\.(?!\w))|(?<word>[A-Za-z_]\w*)|(?<sign>:=|[(|),=]))/y;

/** Throws TemplateError. */
export function* tokenize(text: string): Generator<Token> {
  pattern.lastIndex = 0;
  let from = 0;
  while (from < text.length) {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null) {
      throw new TemplateError(`"${text.slice(from, from + 20).trim()}" is not understood`);
    }
    from = pattern.lastIndex;
    yield readToken(match.groups ?? {});
  }
}

/** Whether the token is that word. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'function' && token.name === word;
}

function readToken(groups: Readonly<Record<string, string | undefined>>): Token {
  const { quoted, raw, digits, variable, field, word, sign } = groups;
  if (quoted !== undefined) return { kind: 'literal', value: unquote(quoted) };
  if (raw !== undefined) return { kind: 'literal', value: raw };
  if (digits !== undefined) return { kind: 'literal', value: Number(digits) };
  if (field !== undefined) return { kind: 'field', path: splitPath(field.slice(1)) };
  if (variable !== undefined) {
    const [name = '', ...path] = variable.split('.');
    return { kind: 'variable', name, path };
  }
  return word === undefined ? readSign(sign ?? '') : readWord(word);
}

function splitPath(text: string): readonly string[] {
  return text === '' ? [] : text.split('.');
}

function readWord(word: string): Token {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  return { kind: 'function', name: word };
}

function readSign(sign: string): Token {
  const kinds = { '(': 'open', ')': 'close', '|': 'pipe', ',': 'comma' } as const;
  const kind = kinds[sign as keyof typeof kinds] as (typeof kinds)[keyof typeof kinds] | undefined;
  return kind === undefined ? { kind: 'set', declares: sign === ':=' } : { kind };
}

/** Go's escapes are those of JSON, and a few that no tag needs. */
function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new TemplateError(`${quoted} has an escape that is not understood`);
  }
}
