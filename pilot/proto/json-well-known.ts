import { scalars } from './json-scalars.ts';

interface Form {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
}

function matching(pattern: RegExp, expected: string): Form {
  return { accepts: (value) => typeof value === 'string' && pattern.test(value), expected };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Messages whose JSON form is not an object with their fields, by full name. */
export const wellKnown: Readonly<Partial<Record<string, Form>>> = {
  // In EnvoyFilters Istio reads durations of Go too.
  'google.protobuf.Duration': matching(
    /^[-+]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/,
    'a duration such as 1.5s',
  ),
  'google.protobuf.Timestamp': matching(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/,
    'a time such as 2030-01-31T12:00:00Z',
  ),
  'google.protobuf.FieldMask': matching(/^[\w.,]*$/, 'names of fields, separated by commas'),
  'google.protobuf.Struct': { accepts: isObject, expected: 'an object' },
  'google.protobuf.ListValue': { accepts: Array.isArray, expected: 'a list' },
  'google.protobuf.Value': { accepts: () => true, expected: 'any value' },
  // Wrappers have the form of the value within.
  'google.protobuf.BoolValue': scalars.flag,
  'google.protobuf.BytesValue': scalars.bytes,
  'google.protobuf.DoubleValue': scalars.number,
  'google.protobuf.FloatValue': scalars.number,
  'google.protobuf.Int32Value': scalars.int32,
  'google.protobuf.Int64Value': scalars.int64,
  'google.protobuf.StringValue': scalars.text,
  'google.protobuf.UInt32Value': scalars.uint32,
  'google.protobuf.UInt64Value': scalars.uint64,
};
