import { checkBase64, checkDataKeys, checkImmutableData, checkSize } from './data-rules.ts';
import type { FieldError } from './field-error.ts';
import { duplicate } from './field-error.ts';
import { ageColumn, core, dataColumn, defineKind } from './kind.ts';
import type { ConfigMapFields } from './secret-schema.ts';
import { configMapSchema } from './secret-schema.ts';

export const configMap = defineKind({
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  description: 'Data that anybody may see.',
  columns: [dataColumn, ageColumn],
  schema: configMapSchema,
  validate: checkConfigMap,
  validateUpdate: checkImmutableData,
});

function* checkConfigMap({ data = {}, binaryData = {} }: ConfigMapFields): Iterable<FieldError> {
  yield* checkDataKeys('data', data);
  yield* checkDataKeys('binaryData', binaryData);
  yield* checkBase64('binaryData', binaryData);
  yield* checkSize('data', data, binaryData);
  for (const name of Object.keys(binaryData)) {
    if (Object.hasOwn(data, name)) yield duplicate('binaryData', name);
  }
}
