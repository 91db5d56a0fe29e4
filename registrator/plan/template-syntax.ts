/**
 * The part of Go's text/template that tags need: text, and actions `{{ }}` with fields, literals, calls of
 * functions, parentheses and pipes. Control structures and variables are refused by name.
 */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline };

/** Commands, each of which gets the result of the one before as its last argument. */
export type Pipeline = readonly Command[];

/** A value alone, or a function and its arguments. */
export type Command = readonly [Operand, ...(readonly Operand[])];

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number }
  /** `.Config.Image` → Config, Image. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'group'; readonly pipeline: Pipeline };

/** What is wrong with a template, in words for its author. */
export class TemplateError extends Error {}

/** Throws TemplateError. */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = text;
  let trims = false;
  for (let at = rest.indexOf('{{'); at >= 0; at = rest.indexOf('{{')) {
    const action = /^\{\{(-\s)?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`])*?)(\s-)?\}\}/.exec(
      rest.slice(at),
    );
    if (action === null) throw new TemplateError('an action "{{" has no end "}}"');
    const [whole, trimsBefore, body = '', trimsAfter] = action;
    const before = trims ? rest.slice(0, at).trimStart() : rest.slice(0, at);
    parts.push({ kind: 'text', text: trimsBefore === undefined ? before : before.trimEnd() });
    if (!/^\/\*.*\*\/$/s.test(body)) {
      parts.push({ kind: 'action', pipeline: parseAction(body) });
    }
    trims = trimsAfter !== undefined;
    rest = rest.slice(at + whole.length);
  }
  parts.push({ kind: 'text', text: trims ? rest.trimStart() : rest });
  return parts.filter((part) => part.kind === 'action' || part.text !== '');
}

type Token =
  { readonly kind: 'open' } | { readonly kind: 'close' } | { readonly kind: 'pipe' } | Operand;

function parseAction(body: string): Pipeline {
  const tokens = [...tokenize(body)];
  const pipeline = takePipeline(tokens);
  if (tokens.length > 0) throw new TemplateError(`"{{${body}}}" has a ")" too many`);
  return pipeline;
}

const pattern =
  /\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|(-?\d+)(?![\w.])|((?:\.[A-Za-z_]\w*)+)|([A-Za-z_]\w*)|([(|)]))/y;

const controls = ['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break'];

function* tokenize(body: string): Generator<Token> {
  const text = body.trim();
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      throw new TemplateError(`"${text.slice(from, from + 20).trim()}" is not understood`);
    }
    yield readToken(match);
  }
}

function readToken([, quoted, raw, digits, field, word, sign]: RegExpExecArray): Token {
  if (quoted !== undefined) return { kind: 'literal', value: unquote(quoted) };
  if (raw !== undefined) return { kind: 'literal', value: raw };
  if (digits !== undefined) return { kind: 'literal', value: Number(digits) };
  if (field !== undefined) return { kind: 'field', path: field.slice(1).split('.') };
  if (word === undefined) {
    if (sign === '(') return { kind: 'open' };
    return sign === ')' ? { kind: 'close' } : { kind: 'pipe' };
  }
  if (controls.includes(word)) {
    throw new TemplateError(`"${word}" is not supported: write fields, functions and pipes`);
  }
  return { kind: 'function', name: word };
}

/** Go's escapes are those of JSON, and a few that no tag needs. */
function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new TemplateError(`${quoted} has an escape that is not understood`);
  }
}

/** Takes tokens from the front, up to the end or a `)` that it leaves. */
function takePipeline(tokens: Token[]): Pipeline {
  const commands: Command[] = [];
  for (;;) {
    const operands: Operand[] = [];
    for (let next = tokens[0]; next !== undefined; next = tokens[0]) {
      if (next.kind === 'close' || next.kind === 'pipe') break;
      tokens.shift();
      operands.push(next.kind === 'open' ? takeGroup(tokens) : next);
    }
    const [first, ...others] = operands;
    if (first === undefined) throw new TemplateError('a command is missing in "{{ }}"');
    if (others.length > 0 && first.kind !== 'function') {
      throw new TemplateError('what stands first in a command with arguments is no function');
    }
    commands.push([first, ...others]);
    if (tokens[0]?.kind !== 'pipe') return commands;
    tokens.shift();
  }
}

function takeGroup(tokens: Token[]): Operand {
  const pipeline = takePipeline(tokens);
  if (tokens.shift()?.kind !== 'close') throw new TemplateError('a "(" has no ")"');
  return { kind: 'group', pipeline };
}
