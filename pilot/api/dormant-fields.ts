import type { FieldError } from './field-error.ts';
import { kindNotInForce, notInForce } from './field-error.ts';
import type { Dormant, Kind } from './in-force.ts';
import { dormant } from './in-force.ts';

/** A warning for each row of the table that an object meets, at the first place where it does. */
export function* findDormantFields(kind: Kind, spec: unknown): Iterable<FieldError> {
  for (const row of dormant[kind]) {
    if (row.path === undefined) {
      yield kindNotInForce(kind);
      continue;
    }
    const [first, ...others] = findPlaces(row, spec);
    if (first !== undefined) yield notInForce(first, row.note, others.length);
  }
}

/** Paths of all values that the row is about. */
function findPlaces(row: Dormant, spec: unknown): readonly string[] {
  const [base = '', ...steps] = stepsOf(row);
  const found: Found[] = [];
  collect({ place: base, value: spec }, steps, found);
  const { when } = row;
  return found.filter(({ value }) => when?.(value) ?? true).map(({ place }) => place);
}

const stepsOfRows = new WeakMap<Dormant, readonly string[]>();

/** Of a path such as spec.http[].match: spec, http, [] and match. */
function stepsOf(row: Dormant): readonly string[] {
  const steps = stepsOfRows.get(row) ?? (row.path ?? '').split(/\.|(?=\[\])/);
  stepsOfRows.set(row, steps);
  return steps;
}

interface Found {
  readonly place: string;
  readonly value: unknown;
}

/** Adds to `found` what the steps, from one on, lead to. Each object that is applied is looked at for some hundred paths. */
function collect({ place, value }: Found, steps: readonly string[], found: Found[], at = 0): void {
  const step = steps[at];
  if (step === undefined) {
    found.push({ place, value });
  } else if (step === '[]') {
    if (!Array.isArray(value)) return;
    for (let index = 0; index < value.length; index += 1) {
      collect({ place: `${place}[${index}]`, value: value[index] }, steps, found, at + 1);
    }
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) {
    const next = (value as Readonly<Record<string, unknown>>)[step];
    collect({ place: `${place}.${step}`, value: next }, steps, found, at + 1);
  }
}
