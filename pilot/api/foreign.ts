import type { Problem } from '../../kit/problem.ts';
import { fieldCodes } from './field-error.ts';
import { kinds } from './kinds.ts';

/**
 * Whether a document is none of the mesh's business: files made for Kubernetes hold Deployments and the like too. What is in a
 * group of the mesh is a misspelt kind or version.
 */
export function isForeign({ code }: Problem, document: unknown): boolean {
  if (code !== fieldCodes.kind) return false;
  const { apiVersion } = (document ?? {}) as { readonly apiVersion?: unknown };
  if (typeof apiVersion !== 'string') return false;
  const [group = ''] = apiVersion.split('/', 1);
  return !kinds.some((kind) => kind.group !== '' && kind.group === group);
}
