/**
 * The part of Go's text/template that tags need: text, and actions `{{ }}` with fields, variables, literals, calls of
 * functions, parentheses, pipes, `if`, `range` and `with`. What is left out (`define`, `template`, `block`, `break`,
 * `continue`) is refused by name.
 */
import { TemplateError } from './template-error.ts';
import { splitTemplate } from './template-pieces.ts';
import { isWord, tokenize, type Token } from './template-tokens.ts';
import type { Branches, Command, Operand, Pipeline, TemplatePart } from './template-tree.ts';

/** Throws TemplateError. */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const steps = splitTemplate(text).map((piece): Step =>
    piece.kind === 'text' ? piece : { kind: 'action', tokens: [...tokenize(piece.body)] },
  );
  const parts = takeParts(steps);
  const [rest] = steps;
  if (rest !== undefined) {
    throw new TemplateError(`"${nameOf(rest)}" belongs to no if, range or with`);
  }
  return parts;
}

type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: Token[] };

const blocks = ['if', 'range', 'with'] as const;

const leftOut = ['define', 'template', 'block', 'break', 'continue'];

/** Takes steps from the front, up to an `else` or `end` that it leaves. */
function takeParts(steps: Step[]): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (let step = steps[0]; step !== undefined; step = steps[0]) {
    if (['else', 'end'].includes(nameOf(step))) break;
    steps.shift();
    parts.push(step.kind === 'text' ? step : takeAction(step.tokens, steps));
  }
  return parts;
}

function takeAction(tokens: Token[], steps: Step[]): TemplatePart {
  const kind = blocks.find((name) => isWord(tokens[0], name));
  if (kind === undefined) return { kind: 'action', pipeline: takeWhole(tokens) };
  tokens.shift();
  return { kind, ...takeBranches(tokens, steps) };
}

function takeBranches(tokens: Token[], steps: Step[]): Branches {
  const pipeline = takeWhole(tokens);
  const body = takeParts(steps);
  const step = steps.shift();
  if (step?.kind !== 'action') throw new TemplateError('an if, range or with has no "end"');
  const [word, ...others] = step.tokens;
  if (isWord(word, 'end')) {
    assertEmpty(others);
    return { pipeline, body, otherwise: [] };
  }
  return { pipeline, body, otherwise: takeElse(others, steps) };
}

/** What follows `else`: more branches of their own, which share our `end`, or parts up to it. */
function takeElse(tokens: Token[], steps: Step[]): readonly TemplatePart[] {
  if (tokens.length > 0) return [takeAction(tokens, steps)];
  const parts = takeParts(steps);
  const end = steps.shift();
  if (end === undefined || nameOf(end) !== 'end') {
    throw new TemplateError('an "else" has no "end"');
  }
  return parts;
}

/** The word that an action begins with, if it does. */
function nameOf(step: Step): string {
  if (step.kind === 'text') return '';
  const [first] = step.tokens;
  return first?.kind === 'function' ? first.name : '';
}

function takeWhole(tokens: Token[]): Pipeline {
  const pipeline = takePipeline(tokens);
  assertEmpty(tokens);
  return pipeline;
}

function assertEmpty([token]: readonly Token[]): void {
  if (token === undefined) return;
  throw new TemplateError(
    token.kind === 'close' ? 'there is a ")" too many' : '"else" and "end" take no value',
  );
}

/** Takes tokens from the front, up to the end or a `)` that it leaves. */
function takePipeline(tokens: Token[]): Pipeline {
  const target = takeVariables(tokens);
  const commands: Command[] = [];
  for (;;) {
    commands.push(takeCommand(tokens));
    if (tokens[0]?.kind !== 'pipe') return { ...target, commands };
    tokens.shift();
  }
}

/** `$x :=`, `$x =` or `$i, $x :=`. */
function takeVariables(tokens: Token[]): Pick<Pipeline, 'variables' | 'declares'> {
  const at = tokens.findIndex(({ kind }) => kind === 'set');
  const sign = tokens[at];
  if (sign?.kind !== 'set') return { variables: [], declares: false };
  const variables = tokens.splice(0, at + 1).flatMap((token, index) => {
    if (token.kind === 'variable' && token.path.length === 0 && index % 2 === 0) return token.name;
    if ((token.kind === 'comma' && index === 1) || token === sign) return [];
    throw new TemplateError('what stands before ":=" or "=" is no variable');
  });
  return { variables, declares: sign.declares };
}

function takeCommand(tokens: Token[]): Command {
  const operands: Operand[] = [];
  for (let next = tokens[0]; next !== undefined; next = tokens[0]) {
    if (next.kind === 'close' || next.kind === 'pipe') break;
    tokens.shift();
    operands.push(toOperand(next, tokens));
  }
  const [first, ...others] = operands;
  if (first === undefined) throw new TemplateError('a command is missing in "{{ }}"');
  if (others.length > 0 && first.kind !== 'function') {
    throw new TemplateError('what stands first in a command with arguments is no function');
  }
  return [first, ...others];
}

function toOperand(token: Token, rest: Token[]): Operand {
  switch (token.kind) {
    case 'open':
      return takeGroup(rest);
    case 'close':
    case 'pipe':
    case 'comma':
    case 'set':
      throw new TemplateError('"," and "=" are understood only behind variables');
    case 'function':
      return readFunction(token);
    case 'literal':
    case 'field':
    case 'variable':
      return token;
  }
}

function readFunction(token: Extract<Token, { readonly kind: 'function' }>): Operand {
  if (leftOut.includes(token.name)) {
    const known = 'there are if, else, end, range, with, variables, functions and pipes';
    throw new TemplateError(`"${token.name}" is not supported: ${known}`);
  }
  return token;
}

function takeGroup(tokens: Token[]): Operand {
  const pipeline = takePipeline(tokens);
  if (tokens.shift()?.kind !== 'close') throw new TemplateError('a "(" has no ")"');
  return { kind: 'group', pipeline };
}
