import type { Decoded } from './schema.ts';
import { message, texts } from './schema.ts';

export const namespaceSchema = message('A scope for names.', {
  spec: message('Nothing that a mesh needs.', {
    finalizers: texts('Taken from what other clusters print, and not kept.'),
  }),
});

export type NamespaceFields = Decoded<typeof namespaceSchema>;
