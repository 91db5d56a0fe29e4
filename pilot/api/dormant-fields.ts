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
    const [first, ...others] = [...findPlaces(row, spec)];
    if (first !== undefined) yield notInForce(first, row.note, others.length);
  }
}

/** Paths of all values that the row is about. */
function* findPlaces({ path = '', when }: Dormant, spec: unknown): Iterable<string> {
  const [base = '', ...steps] = path.split(/\.|(?=\[\])/);
  for (const { place, value } of walk({ place: base, value: spec }, steps)) {
    if (when === undefined || when(value)) yield place;
  }
}

interface Found {
  readonly place: string;
  readonly value: unknown;
}

function* walk({ place, value }: Found, steps: readonly string[]): Iterable<Found> {
  const [step, ...rest] = steps;
  if (step === undefined) {
    yield { place, value };
  } else if (step === '[]') {
    if (!Array.isArray(value)) return;
    for (const [index, item] of value.entries()) {
      yield* walk({ place: `${place}[${index}]`, value: item }, rest);
    }
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) {
    const next = (value as Readonly<Record<string, unknown>>)[step];
    yield* walk({ place: `${place}.${step}`, value: next }, rest);
  }
}
