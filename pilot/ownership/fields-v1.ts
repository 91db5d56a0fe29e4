import { type FieldSet, fieldSet } from './field-set.ts';

/** The JSON in which managedFields hold a set of fields (k8s.io/apimachinery meta/v1 FieldsV1). */
export interface FieldsV1 {
  readonly [step: string]: FieldsV1;
}

const self = '.';

export function writeFields(set: FieldSet): FieldsV1 {
  const below = [...set.below]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([step, branch]) => [step, writeFields(branch)] as const);
  const own = set.isIn && below.length > 0 ? [[self, {}] as const] : [];
  return Object.fromEntries([...own, ...below]);
}

/** More steps than any object has; a client must not make us walk deeper. */
const deepest = 100;

/** Throws SyntaxError for what is no FieldsV1. */
export function readFields(value: unknown, depth = 0): FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > deepest) {
    throw new SyntaxError('fieldsV1 must be an object of objects');
  }
  const entries = Object.entries(value) as [string, unknown][];
  const below = entries.filter(([step]) => step !== self);
  const isLeaf = below.length === 0 && depth > 0;
  return fieldSet(
    isLeaf || below.length < entries.length,
    below.map(([step, branch]) => {
      checkStep(step);
      return [step, readFields(branch, depth + 1)] as const;
    }),
  );
}

/** Values (v:) and indexes (i:) are steps of lists that the kinds here do not have: read, and never matched. */
function checkStep(step: string): void {
  if (!/^[fkvi]:/.test(step)) throw new SyntaxError(`${step} is no step of fieldsV1`);
  if (!step.startsWith('f:')) JSON.parse(step.slice(2));
}
