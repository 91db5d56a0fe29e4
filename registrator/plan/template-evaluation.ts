/** What a template gives for a value. */
import { TemplateError } from './template-error.ts';
import { callFunction } from './template-functions.ts';
import type { Branches, Command, Operand, Pipeline, TemplatePart } from './template-tree.ts';
import { isTrue, kindOf, listItems, readKey, show, type TemplateValue } from './template-value.ts';

/** Where a part stands. */
interface Context {
  /** What `.` is. */
  readonly dot: TemplateValue;
  readonly scope: Scope;
}

interface Scope {
  readonly variables: Map<string, TemplateValue>;
  /** The one around it. */
  readonly outer?: Scope;
}

/** Renders the parts; `$` and `.` are `data`. Throws TemplateError when a value does not fit its function. */
export function renderParts(parts: readonly TemplatePart[], data: TemplateValue): string {
  return renderAll(parts, { dot: data, scope: { variables: new Map([['$', data]]) } });
}

function renderAll(parts: readonly TemplatePart[], context: Context): string {
  return parts.map((part) => renderPart(part, context)).join('');
}

function renderPart(part: TemplatePart, context: Context): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'action': {
      const value = evaluate(part.pipeline, context);
      return part.pipeline.variables.length === 0 ? show(value) : '';
    }
    case 'if':
      return renderChoice(part, context, (inner) => inner);
    case 'with':
      return renderChoice(part, context, (inner, dot) => ({ ...inner, dot }));
    case 'range':
      return renderRange(part, context);
  }
}

function renderChoice(
  { pipeline, body, otherwise }: Branches,
  outer: Context,
  enter: (inner: Context, value: TemplateValue) => Context,
): string {
  const inner = nest(outer);
  const value = evaluate(pipeline, inner);
  return isTrue(value) ? renderAll(body, enter(inner, value)) : renderAll(otherwise, inner);
}

/** One variable is the item; of two the first is its index or key. */
function renderRange({ pipeline, body, otherwise }: Branches, outer: Context): string {
  const value = evaluate({ ...pipeline, variables: [] }, outer);
  if (typeof value !== 'object') {
    throw new TemplateError(`range takes a list or a map; it got ${kindOf(value)}`);
  }
  const items = listItems(value);
  if (items.length === 0) return renderAll(otherwise, nest(outer));
  const { variables } = pipeline;
  return items
    .map(([key, item]) => {
      const { scope } = nest(outer);
      const values = variables.length === 2 ? [key, item] : [item];
      variables.forEach((name, index) => scope.variables.set(name, values[index] ?? ''));
      return renderAll(body, { dot: item, scope });
    })
    .join('');
}

function nest({ dot, scope }: Context): Context {
  return { dot, scope: { variables: new Map(), outer: scope } };
}

function evaluate({ commands, variables, declares }: Pipeline, context: Context): TemplateValue {
  let result: TemplateValue | undefined;
  for (const command of commands) result = run(command, context, result);
  const value = result ?? '';
  const [name] = variables;
  if (name === undefined) return value;
  const scope = declares ? context.scope : findScope(name, context.scope);
  scope.variables.set(name, value);
  return value;
}

/** `piped` is the result of the command before. */
function run(
  [first, ...others]: Command,
  context: Context,
  piped: TemplateValue | undefined,
): TemplateValue {
  if (first.kind !== 'function') {
    if (piped !== undefined) throw new TemplateError('what follows "|" has to be a function');
    return resolve(first, context);
  }
  const args = others.map((operand) => (): TemplateValue => resolve(operand, context));
  if (piped !== undefined) args.push(() => piped);
  return callFunction(first.name, takeUntilSettled(first.name, args));
}

/** `and` looks no further than the first that is empty, `or` than the first that is not. */
function takeUntilSettled(
  name: string,
  args: readonly (() => TemplateValue)[],
): readonly TemplateValue[] {
  const values: TemplateValue[] = [];
  for (const arg of args) {
    const value = arg();
    values.push(value);
    if ((name === 'and' && !isTrue(value)) || (name === 'or' && isTrue(value))) break;
  }
  return values;
}

function resolve(operand: Operand, context: Context): TemplateValue {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'group':
      return evaluate(operand.pipeline, context);
    case 'function':
      return callFunction(operand.name, []);
    case 'field':
      return operand.path.reduce<TemplateValue>(readKey, context.dot);
    case 'variable': {
      const { variables } = findScope(operand.name, context.scope);
      return operand.path.reduce<TemplateValue>(readKey, variables.get(operand.name) ?? '');
    }
  }
}

/** Where the variable was made. */
function findScope(name: string, scope: Scope): Scope {
  if (scope.variables.has(name)) return scope;
  if (scope.outer === undefined) throw new TemplateError(`there is no variable ${name}`);
  return findScope(name, scope.outer);
}
