import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import type { FieldError } from './field-error.ts';
import { invalid, required, unsupported } from './field-error.ts';

/** Compiling a schema costs up to 100 ms, so each is compiled when its first object comes. */
const compiled = new WeakMap<TSchema, ValidateFunction>();

function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}

/** What in `value` is not as `schema` says; paths begin with `path`. Of a secret no value is shown. */
export function validateSchema(
  value: unknown,
  schema: TSchema,
  path: string,
  isSecret = false,
): readonly FieldError[] {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) =>
    explain(error, locate(error.instancePath, value, path), isSecret),
  );
}

function explain(error: ErrorObject, found: Located, isSecret: boolean): FieldError {
  const { path } = found;
  const value = isSecret ? '(not shown)' : found.value;
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      return required(`${path}.${String(params['missingProperty'])}`, 'write it');
    case 'enum':
      return unsupported(path, value, (params['allowedValues'] as unknown[]).map(String));
    case 'type':
      return invalid(
        path,
        value,
        `must be of type ${String(params['type']).replaceAll(',', ' or ')}`,
      );
    case 'minItems':
    case 'minProperties':
      return required(path, 'write at least one');
    case 'minLength':
      return required(path, 'must not be empty');
    default:
      return invalid(path, shorten(value), error.message ?? error.keyword);
  }
}

function shorten(value: unknown): unknown {
  return Array.isArray(value) ? `${value.length} items` : value;
}

interface Located {
  readonly path: string;
  readonly value: unknown;
}

/** Turns a JSON pointer into a path such as spec.http[0].match and finds the value there. */
function locate(pointer: string, root: unknown, base: string): Located {
  let path = base;
  let value = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path += Array.isArray(value) || !/^\w+$/.test(key) ? `[${key}]` : `.${key}`;
    value =
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined;
  }
  return { path, value };
}
