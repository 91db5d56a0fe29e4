import type { Decoded } from './schema.ts';
import { flag, message, text, textMap } from './schema.ts';

/** The fields of Kubernetes' Secret and ConfigMap (https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/). */

export const secretSchema = message('Data that only those may see who need it.', {
  type: text('Opaque (default), or kubernetes.io/tls with tls.crt and tls.key.'),
  data: textMap('Name → value in base64.'),
  stringData: textMap('Name → value as it is; written only, it goes into data.'),
  immutable: flag('Whether the data stay as they are.'),
});

export const configMapSchema = message('Data that anybody may see.', {
  data: textMap('Name → text.'),
  binaryData: textMap('Name → value in base64.'),
  immutable: flag('Whether the data stay as they are.'),
});

export type SecretFields = Decoded<typeof secretSchema>;
export type ConfigMapFields = Decoded<typeof configMapSchema>;
