import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';
import { namespaceKey } from '../api/namespace.ts';
import type { ConfigStore } from '../store/store.ts';

/**
 * Kubernetes refuses an object whose namespace is not there. Here it is taken, because files need no namespaces; but
 * who mistyped one is told.
 */
export function warnOfNewNamespace(
  store: Pick<ConfigStore, 'get' | 'list'>,
  namespace: string | undefined,
): readonly Problem[] {
  if (namespace === undefined || namespace === '') return [];
  if (store.get(namespaceKey(namespace)) !== undefined) return [];
  const names = store.list({ kind: 'Namespace' }).items.map(({ metadata }) => metadata.name);
  const nearest = findNearest(namespace, names);
  const advice = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
  const message = `the namespace "${namespace}" is new${advice}: it is there as long as something is in it, and stays if it is created`;
  const path = 'metadata.namespace';
  return [{ code: 'W_NEW_NAMESPACE', severity: 'warning', resource: namespace, path, message }];
}
