import type { KindDefinition } from '../api/kind.ts';
import type { ConfigObject, ObjectMeta } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import { type Target, inVersion, withGivenLabels } from './object-request.ts';
import { reachOf, withReconciled } from './reconciled.ts';

type Views = Pick<HttpServerDeps, 'analysis' | 'reconciliation'>;

/** The stored object as one client is shown it: under the version it asks for, with the status of the moment. */
export function present(deps: Views, object: ConfigObject, target: Target): ConfigObject {
  return presentTrial(deps, object, target, object);
}

/** What a write would make of `stored`: what the proxies have is said of that, if there is one. */
export function presentTrial(
  deps: Views,
  object: ConfigObject,
  target: Target,
  stored: ConfigObject | undefined,
): ConfigObject {
  const shown = presentLasting(deps, object, target);
  if (stored === undefined) return shown;
  const reach = reachOf(deps, stored, target.definition);
  const { generation } = stored.metadata;
  return reach === undefined ? shown : withReconciled(shown, reach, generation);
}

/**
 * The same without what changes while the object does not: what is sent to all who watch is encoded once, and they
 * would keep it.
 */
export function presentLasting(
  { analysis }: Pick<Views, 'analysis'>,
  object: ConfigObject,
  target: Target,
): ConfigObject {
  const { definition } = target;
  const served = uncounted(analysis?.serve(object) ?? object, definition);
  if (definition.show === undefined) return inVersion(served, target);
  const metadata = withGivenLabels(served.metadata, definition);
  return inVersion(definition.show({ ...served, metadata }), target);
}

/** Secrets, ConfigMaps and Namespaces have no generation in Kubernetes, and so have none here; the store counts all alike. */
function uncounted(object: ConfigObject, { group }: KindDefinition): ConfigObject {
  if (group !== '') return object;
  const metadata = Object.entries(object.metadata).filter(([name]) => name !== 'generation');
  return { ...object, metadata: Object.fromEntries(metadata) as unknown as ObjectMeta };
}
