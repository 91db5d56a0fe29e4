import { createPrivateKey, X509Certificate } from 'node:crypto';
import { checkBase64, checkDataKeys, checkImmutableData, checkSize } from './data-rules.ts';
import type { FieldError } from './field-error.ts';
import { invalid, required } from './field-error.ts';
import { ageColumn, core, dataColumn, defineKind } from './kind.ts';
import type { SecretFields } from './secret-schema.ts';
import { secretSchema } from './secret-schema.ts';

export const secret = defineKind({
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  shortNames: [],
  description: 'Data that only those may see who need it.',
  isSecret: true,
  columns: [
    { name: 'Type', type: 'string', description: 'What the data are.', path: 'type' },
    dataColumn,
    ageColumn,
  ],
  schema: secretSchema,
  validate: checkSecret,
  validateUpdate: checkSecretUpdate,
  normalize: mergeStrings,
});

/** Plain text goes into data, and what a Secret is without a type is written down (as Kubernetes does). */
function mergeStrings({ stringData = {}, data = {}, ...rest }: SecretFields): object {
  const merged = Object.entries(stringData).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  const { type = 'Opaque' } = rest;
  return { ...rest, type, data: { ...data, ...(Object.fromEntries(merged) as object) } };
}

function* checkSecret(fields: SecretFields): Iterable<FieldError> {
  const { data = {}, stringData = {} } = fields;
  yield* checkDataKeys('data', data);
  yield* checkDataKeys('stringData', stringData);
  yield* checkBase64('data', data);
  yield* checkSize('data', stringData, data);
  if (fields.type === 'kubernetes.io/tls') yield* checkPair(fields);
}

function* checkSecretUpdate(before: SecretFields, after: SecretFields): Iterable<FieldError> {
  yield* checkImmutableData(before, after);
  if (before.type !== after.type) yield invalid('type', after.type, 'field is immutable');
}

const certificateName = 'tls.crt';
const keyName = 'tls.key';

function* checkPair(fields: SecretFields): Iterable<FieldError> {
  const [certificate, key] = [certificateName, keyName].map((name) => valueOf(fields, name));
  if (certificate === undefined) yield missing(certificateName);
  if (key === undefined) yield missing(keyName);
  if (certificate === undefined || key === undefined) return;
  const x509 = attempt(() => new X509Certificate(certificate));
  const privateKey = attempt(() => createPrivateKey(key));
  if (x509 === undefined) yield notShown(certificateName, 'must be a certificate in PEM');
  if (privateKey === undefined) yield notShown(keyName, 'must be a private key in PEM');
  if (x509 === undefined || privateKey === undefined) return;
  if (!x509.checkPrivateKey(privateKey)) {
    yield notShown(
      keyName,
      `is not the key of ${certificateName}; give the two that belong together`,
    );
  }
}

function missing(name: string): FieldError {
  return required(`data[${name}]`, 'type kubernetes.io/tls needs it');
}

function notShown(name: string, detail: string): FieldError {
  return invalid(`data[${name}]`, '(not shown)', detail);
}

/** stringData overrides data. */
function valueOf({ data, stringData }: SecretFields, name: string): string | undefined {
  const encoded = data?.[name];
  const plain = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  return stringData?.[name] ?? plain;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
