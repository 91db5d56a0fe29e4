import { OperationError } from '../kit/errors.ts';
import { findNearest } from '../kit/nearest.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';

type Named = Pick<ProxySync, 'proxy' | 'namespace' | 'labels'>;

/**
 * The proxy that a user means by `name`: WORKLOAD.NAMESPACE as istioctl writes it, the workload alone, SERVICE/VERSION,
 * or the beginning of a name where only one begins so. Throws OperationError `E_PROXY_UNKNOWN`, with the nearest
 * name, or `E_PROXY_AMBIGUOUS`, with those that it may mean.
 */
export function findProxy<T extends Named>(
  name: string,
  proxies: readonly T[],
  namespace?: string,
): T {
  const all =
    namespace === undefined ? proxies : proxies.filter((proxy) => proxy.namespace === namespace);
  for (const means of meanings(name)) {
    const found = all.filter(means);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1) {
      const names = found.map(({ proxy }) => proxy).join(', ');
      throw new OperationError('E_PROXY_AMBIGUOUS', `${name} may mean ${names}: name one of them`);
    }
  }
  throw new OperationError(
    'E_PROXY_UNKNOWN',
    all.length === 0 && proxies.length > 0
      ? describeElsewhere(name, proxies, namespace)
      : describeUnknown(name, all),
  );
}

/** The first that fits somebody counts. */
function meanings(name: string): readonly ((proxy: Named) => boolean)[] {
  const [service, version, ...rest] = name.split('/');
  const isPair = version !== undefined && rest.length === 0;
  return [
    ({ proxy }) => proxy === name,
    ({ proxy }) => workloadOf(proxy) === name,
    ({ labels }) => isPair && labels['app'] === service && labels['version'] === version,
    ({ proxy }) => proxy.startsWith(name),
  ];
}

/** `reviews-v1.default` → reviews-v1 */
export function workloadOf(proxy: string): string {
  return proxy.replace(/\.[^.]*$/, '');
}

function describeElsewhere(
  name: string,
  proxies: readonly Named[],
  namespace: string | undefined,
): string {
  const namespaces = [...new Set(proxies.map((proxy) => proxy.namespace))].sort().join(', ');
  return `no proxy of namespace ${namespace ?? ''} is connected to pilot, so there is no ${name}; connected are those of ${namespaces}`;
}

function describeUnknown(name: string, proxies: readonly Named[]): string {
  if (proxies.length === 0) return `no proxy is connected to pilot, so there is no ${name}`;
  const names = proxies.map(({ proxy }) => proxy);
  const nearest = findNearest(name, names) ?? findNearest(name, names.map(workloadOf)) ?? undefined;
  const known = `connected are ${names.slice(0, 12).join(', ')}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`;
  return nearest === undefined
    ? `no proxy is called ${name}; ${known}`
    : `no proxy is called ${name}: did you mean ${nearest}? ${known}`;
}
