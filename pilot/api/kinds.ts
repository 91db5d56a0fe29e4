import { authorizationPolicy } from './authorization-policy.ts';
import { configMap } from './config-map.ts';
import { destinationRule } from './destination-rule.ts';
import { envoyFilter } from './envoy-filter.ts';
import { gateway } from './gateway.ts';
import type { KindDefinition } from './kind.ts';
import { namespace } from './namespace.ts';
import { peerAuthentication } from './peer-authentication.ts';
import { proxyConfig } from './proxy-config.ts';
import { requestAuthentication } from './request-authentication.ts';
import type { ConfigObject, ObjectKey } from './resource.ts';
import { secret } from './secret.ts';
import { serviceEntry } from './service-entry.ts';
import { sidecar } from './sidecar.ts';
import { telemetry } from './telemetry.ts';
import { virtualService } from './virtual-service.ts';
import { wasmPlugin } from './wasm-plugin.ts';
import { workloadEntry } from './workload-entry.ts';
import { workloadGroup } from './workload-group.ts';

/** Every kind that pilot serves. A new kind is a file of its own and a line here. */
export const kinds: readonly KindDefinition[] = [
  virtualService,
  destinationRule,
  serviceEntry,
  workloadEntry,
  gateway,
  sidecar,
  workloadGroup,
  envoyFilter,
  proxyConfig,
  peerAuthentication,
  requestAuthentication,
  authorizationPolicy,
  telemetry,
  wasmPlugin,
  secret,
  configMap,
  namespace,
];

/** The definition of a kind in any of its versions; undefined when pilot does not serve it. */
export function findKind(apiVersion: string, kind: string): KindDefinition | undefined {
  const { group, version } = splitApiVersion(apiVersion);
  return kinds.find(
    (candidate) =>
      candidate.kind === kind && candidate.group === group && candidate.versions.includes(version),
  );
}

/** The definition under which `plural` is served in a group version. */
export function findPlural(
  group: string,
  version: string,
  plural: string,
): KindDefinition | undefined {
  return kinds.find(
    (candidate) =>
      candidate.plural === plural &&
      candidate.group === group &&
      candidate.versions.includes(version),
  );
}

/** `networking.istio.io/v1` → group and version; the core group is ''. */
export function splitApiVersion(apiVersion: string): {
  readonly group: string;
  readonly version: string;
} {
  const slash = apiVersion.indexOf('/');
  return slash === -1
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The inverse of splitApiVersion. */
export function formatApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

export function keyOf(object: ConfigObject): ObjectKey {
  return {
    group: splitApiVersion(object.apiVersion).group,
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
  };
}

/** An object as messages name it: its kind, its namespace unless it is in none, and its name. */
export function showKey({ kind, namespace, name }: Omit<ObjectKey, 'group'>): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** A text that is equal for equal keys. */
export function formatKey(key: ObjectKey): string {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}
