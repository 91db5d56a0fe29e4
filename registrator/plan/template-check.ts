/** Finds what could never work in a template, before there is a container. */
import { TemplateError } from './template-error.ts';
import { checkFunction } from './template-functions.ts';
import type { Operand, Pipeline, TemplatePart } from './template-tree.ts';

/** Where a part stands: whether `.` is still the container, and which variables there are. */
interface Place {
  readonly isRoot: boolean;
  readonly variables: ReadonlySet<string>;
}

/** `checkField` is asked about each path from the container. Throws TemplateError. */
export function checkTemplate(
  parts: readonly TemplatePart[],
  checkField: (path: readonly string[]) => void,
): void {
  checkParts(parts, { isRoot: true, variables: new Set(['$']) }, checkField);
}

type FieldCheck = Parameters<typeof checkTemplate>[1];

function checkParts(parts: readonly TemplatePart[], outer: Place, checkField: FieldCheck): void {
  let place = outer;
  for (const part of parts) {
    if (part.kind === 'text') continue;
    checkPipeline(part.pipeline, place, checkField);
    const inner = {
      ...place,
      variables: new Set([...place.variables, ...part.pipeline.variables]),
    };
    if (part.kind === 'action') {
      if (part.pipeline.variables.length > 1) {
        throw new TemplateError('only range sets two variables');
      }
      place = inner;
      continue;
    }
    checkParts(part.body, { ...inner, isRoot: place.isRoot && part.kind === 'if' }, checkField);
    checkParts(part.otherwise, inner, checkField);
  }
}

function checkPipeline(pipeline: Pipeline, place: Place, checkField: FieldCheck): void {
  for (const operand of pipeline.commands.flat()) checkOperand(operand, place, checkField);
  if (pipeline.declares) return;
  for (const name of pipeline.variables) assertVariable(name, place);
}

function checkOperand(operand: Operand, place: Place, checkField: FieldCheck): void {
  switch (operand.kind) {
    case 'literal':
      return;
    case 'group':
      checkPipeline(operand.pipeline, place, checkField);
      return;
    case 'function':
      checkFunction(operand.name);
      return;
    case 'field':
      if (place.isRoot && operand.path.length > 0) checkField(operand.path);
      return;
    case 'variable':
      assertVariable(operand.name, place);
      if (operand.name === '$' && operand.path.length > 0) checkField(operand.path);
  }
}

function assertVariable(name: string, { variables }: Place): void {
  if (!variables.has(name)) throw new TemplateError(`there is no variable ${name}`);
}
