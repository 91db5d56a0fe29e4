import type { Reach } from '../ads/reconciliation.ts';
import { isInForce } from '../api/in-force.ts';
import type { KindDefinition } from '../api/kind.ts';
import type { ConfigObject, Json } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';

/** Kinds of Istio, and namespaces: the others have no status in Kubernetes either. */
export function hasStatus({ group, kind }: Pick<KindDefinition, 'group' | 'kind'>): boolean {
  return group !== '' || kind === 'Namespace';
}

/** How far an object has come; undefined where proxies get nothing of its kind, or nobody knows. */
export function reachOf(
  { reconciliation }: Pick<HttpServerDeps, 'reconciliation'>,
  { metadata }: ConfigObject,
  { kind }: KindDefinition,
): Reach | undefined {
  return isInForce(kind) ? reconciliation?.reachOf(metadata) : undefined;
}

const type = 'Reconciled';

/**
 * The object with the condition, about a generation of it, by which Istio says that all proxies have it
 * (https://istio.io/latest/docs/reference/config/config-status/). Other conditions are somebody else's and stay.
 */
export function withReconciled(
  object: ConfigObject,
  reach: Reach,
  generation: number | undefined,
): ConfigObject {
  const status = isMap(object.status) ? object.status : {};
  const given = Array.isArray(status['conditions'])
    ? (status['conditions'] as readonly Json[])
    : [];
  const others = given.filter((condition) => !isMap(condition) || condition['type'] !== type);
  const condition = {
    type,
    status: isReconciled(reach) ? 'True' : 'False',
    message: `${reach.ready}/${reach.all} proxies up to date.`,
  };
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return { ...object, status: { ...status, ...observed, conditions: [...others, condition] } };
}

export function isReconciled({ ready, all, isTaken }: Reach): boolean {
  return isTaken && ready === all;
}

function isMap(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
