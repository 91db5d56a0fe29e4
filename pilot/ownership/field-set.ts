/**
 * A set of fields of an object, as a tree. A step of a path is written as in FieldsV1: `f:NAME` for a field,
 * `k:{"KEY":VALUE}` for the item of a list that has keys.
 */
export interface FieldSet {
  /** Whether the field at the root of this tree is itself in the set. */
  readonly isIn: boolean;
  /** What is in the set below it; no branch is empty. */
  readonly below: ReadonlyMap<string, FieldSet>;
}

export const noFields: FieldSet = { isIn: false, below: new Map() };

/** The set of just the root: a value that is owned as a whole. */
export const oneField: FieldSet = { isIn: true, below: new Map() };

/** A set from its branches; empty ones are left out. */
export function fieldSet(isIn: boolean, below: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { isIn, below: new Map([...below].filter(([, branch]) => !isEmpty(branch))) };
}

export function isEmpty(set: FieldSet): boolean {
  return !set.isIn && set.below.size === 0;
}

/** The branch at a step; empty when there is none. */
export function stepInto(set: FieldSet, step: string): FieldSet {
  return set.below.get(step) ?? noFields;
}

type Combine = (left: boolean, right: boolean) => boolean;

function combine(left: FieldSet, right: FieldSet, decide: Combine): FieldSet {
  const steps = new Set([...left.below.keys(), ...right.below.keys()]);
  return fieldSet(
    decide(left.isIn, right.isIn),
    [...steps].map((step) => [step, combine(stepInto(left, step), stepInto(right, step), decide)]),
  );
}

export function unite(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft || inRight);
}

export function subtract(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft && !inRight);
}

export function intersect(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft && inRight);
}

export function isSame(left: FieldSet, right: FieldSet): boolean {
  return isEmpty(combine(left, right, (inLeft, inRight) => inLeft !== inRight));
}

/** The paths in the set as people read them: `.spec.ports[name="http"].number`. */
export function listPaths(set: FieldSet, prefix = ''): readonly string[] {
  const own = set.isIn ? [prefix] : [];
  const below = [...set.below].sort(([left], [right]) => (left < right ? -1 : 1));
  return [...own, ...below.flatMap(([step, branch]) => listPaths(branch, prefix + showStep(step)))];
}

function showStep(step: string): string {
  if (step.startsWith('f:')) return `.${step.slice(2)}`;
  const keys = Object.entries(JSON.parse(step.slice(2)) as object);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
