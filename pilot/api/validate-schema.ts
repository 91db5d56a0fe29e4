import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import type { FieldError } from './field-error.ts';
import { invalid, required, unsupported } from './field-error.ts';
import { durationForm } from './schema.ts';

/** Compiling a schema costs up to 100 ms, so each is compiled when its first object comes. */
const compiled = new WeakMap<TSchema, ValidateFunction>();

function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, verbose: true });
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
      return invalid(path, value, explainType(error, isSecret ? undefined : value));
    case 'minItems':
    case 'minProperties':
      return required(path, 'write at least one');
    case 'minLength':
      return required(path, 'must not be empty');
    default:
      return invalid(path, shorten(value), error.message ?? error.keyword);
  }
}

/** What type it must have; of YAML's usual slips, also what was meant. */
function explainType({ params, parentSchema }: ErrorObject, value: unknown): string {
  const type = String((params as Readonly<Record<string, unknown>>)['type']);
  const detail = `must be of type ${type.replaceAll(',', ' or ')}`;
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  if (type === 'string' && isPlain) {
    return typeof value === 'number' && isDuration(parentSchema)
      ? `${detail}; write its unit, such as ${value}s`
      : `${detail}; write it in quotes, "${String(value)}"`;
  }
  if (type === 'array' && typeof value === 'string') return `${detail}; write ["${value}"]`;
  if (type === 'object') return `${detail}${adviseOnObject(parentSchema, value)}`;
  const isNumber = typeof value === 'string' && /^-?\d+$/.test(value);
  return type === 'integer' && isNumber ? `${detail}; write it without quotes` : detail;
}

/**
 * Where a plain value stands for an object, the field of it that is meant: the only one (`port: 80`, `percentage: 50`),
 * or what a text can be matched by.
 */
function adviseOnObject(schema: ErrorObject['parentSchema'], value: unknown): string {
  if (!['string', 'number'].includes(typeof value)) return '';
  const names = Object.keys((schema?.['properties'] ?? {}) as object);
  const [only] = names;
  const written = JSON.stringify(value);
  if (only !== undefined && names.length === 1) return `; write { ${only}: ${written} }`;
  if (typeof value !== 'string' || !names.includes('exact')) return '';
  return `; write ${names.map((name) => `{ ${name}: ${written} }`).join(' or ')}`;
}

function isDuration(schema: ErrorObject['parentSchema']): boolean {
  const description: unknown = schema?.['description'];
  return typeof description === 'string' && description.endsWith(durationForm);
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
