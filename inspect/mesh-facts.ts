import { isInForce } from '../pilot/api/in-force.ts';
import { kinds } from '../pilot/api/kinds.ts';
import type { ConfigObject } from '../pilot/api/resource.ts';
import type { ServiceEntrySpec } from '../pilot/api/service-entry-schema.ts';
import type { LocalView } from '../local/view.ts';
import type { Problem } from '../kit/problem.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import { namesOf, resolveHostname } from '../pilot/model/hostname.ts';
import type { Workload } from '../pilot/model/mesh.ts';
import type { Endpoint, Service, ServicePort } from '../pilot/model/service.ts';
import { at, isObject } from './dump-sections.ts';
import { type MeshView, type ShownRule, isDestinationRule } from './mesh-view.ts';

/** All that descriptions are made from, read at one time. */
export interface MeshFacts {
  readonly services: readonly Service[];
  readonly endpoints: Readonly<Record<string, readonly Endpoint[]>>;
  readonly workloads: readonly Workload[];
  readonly rules: readonly ShownRule[];
  readonly problems: readonly Problem[];
  readonly proxies: readonly ProxySync[];
  readonly local: LocalView | undefined;
  readonly entries: readonly ConfigObject[];
  /** Objects of kinds that select workloads. */
  readonly selectors: readonly ConfigObject[];
}

/** The domain in which short names are enough. */
export const domain = 'service.consul';

const selecting: ReadonlySet<string> = new Set([
  'AuthorizationPolicy',
  'EnvoyFilter',
  'PeerAuthentication',
  'ProxyConfig',
  'RequestAuthentication',
  'Sidecar',
  'Telemetry',
  'WasmPlugin',
  'DestinationRule',
]);

/** Throws what the mesh's calls throw. */
export async function readFacts(mesh: MeshView): Promise<MeshFacts> {
  const list = async (wanted: (kind: string) => boolean): Promise<readonly ConfigObject[]> => {
    const lists = await Promise.all(
      kinds
        .filter(({ kind }) => wanted(kind))
        .map(async ({ group, versions, plural, kind }) => {
          const path = `/apis/${group}/${versions[0] ?? 'v1'}/${plural}`;
          const answer = (await mesh.ask(path)) as
            { readonly items?: readonly ConfigObject[] } | undefined;
          return (answer?.items ?? []).map((item) => ({ ...item, kind }));
        }),
    );
    return lists.flat();
  };
  const [services, endpoints, workloads, rules, problems] = await Promise.all([
    mesh.services(),
    mesh.endpoints(),
    mesh.ask('/debug/workloads') as Promise<readonly Workload[] | undefined>,
    mesh.rules(),
    mesh.problems(),
  ]);
  const [proxies, local, entries, selectors] = await Promise.all([
    mesh.syncs(),
    mesh.local(),
    list((kind) => kind === 'ServiceEntry'),
    list((kind) => selecting.has(kind)),
  ]);
  return {
    services,
    endpoints,
    workloads: workloads ?? [],
    rules,
    problems,
    proxies,
    local,
    entries,
    selectors,
  };
}

/** The service that a user means by its full name or a short one. */
export function findService(name: string, { services }: MeshFacts): Service | undefined {
  const hostname = resolveHostname(name, domain, (candidate) =>
    services.some((service) => service.hostname === candidate),
  );
  return services.find((service) => service.hostname === hostname);
}

/** Where the protocol of a port comes from, in words. */
export function originOfProtocol(
  { hostname }: Service,
  port: ServicePort,
  { entries, local }: MeshFacts,
): string {
  for (const entry of entries) {
    const origin = originInEntry(hostname, port, entry);
    if (origin !== undefined) return origin;
  }
  const isLocal = local?.workloads.some(({ service }) => `${service}.${domain}` === hostname);
  if (local !== undefined && isLocal === true) {
    return port.protocol === undefined ? `${local.file} ${saysNone}` : local.file;
  }
  return port.protocol === undefined
    ? `nobody: no instance has the label SERVICE_PROTOCOL, or they disagree, and the proxies look at the bytes`
    : 'Consul, Meta protocol (label SERVICE_PROTOCOL of the container)';
}

const saysNone = 'says none: the proxies look at the bytes';

/** Undefined when the ServiceEntry is about another service or port. */
function originInEntry(
  hostname: string,
  { number, name, protocol }: ServicePort,
  { metadata, spec }: ConfigObject,
): string | undefined {
  const { hosts, ports = [] } = spec as unknown as ServiceEntrySpec;
  const index = ports.findIndex((port) => port.number === number);
  const declared = ports[index];
  if (declared === undefined || !hosts.includes(hostname)) return undefined;
  const resource = `ServiceEntry ${metadata.namespace}/${metadata.name}`;
  if (protocol === undefined) return `${resource} ${saysNone}`;
  const isNamed = declared.protocol === undefined || declared.protocol === '';
  return `${resource} spec.ports[${index}].${isNamed ? `name "${name}"` : 'protocol'}`;
}

/** Names by which callers reach a service. */
export function callNames({ hostname }: Service): readonly string[] {
  return namesOf(hostname, domain);
}

/** Whether labels have all that a selector wants. */
export function isSelected(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The resources that select workloads with these labels in this namespace; those without a selector are for all. */
export function findSelecting(
  labels: Readonly<Record<string, string>>,
  namespace: string,
  { selectors }: MeshFacts,
): readonly { readonly resource: string; readonly inForce: boolean }[] {
  return selectors.flatMap(({ kind, metadata, spec }) => {
    const wanted = selectorOf(spec);
    if (kind === 'DestinationRule' && wanted === undefined) return [];
    if (metadata.namespace !== namespace || !isSelected(labels, wanted)) return [];
    const resource = `${kind} ${metadata.namespace}/${metadata.name}`;
    return [{ resource, inForce: isInForce(kind as Parameters<typeof isInForce>[0]) }];
  });
}

/** Of the several forms that Istio's kinds have. */
function selectorOf(spec: unknown): Readonly<Record<string, string>> | undefined {
  const found =
    at(spec, 'selector', 'matchLabels') ??
    at(spec, 'workloadSelector', 'labels') ??
    at(spec, 'workloadSelector', 'matchLabels');
  return isObject(found) ? (found as Readonly<Record<string, string>>) : undefined;
}

/** How a rule is called in messages. */
export function nameOfRule(rule: ShownRule): string {
  const kind = isDestinationRule(rule) ? 'DestinationRule' : 'VirtualService';
  return `${kind} ${rule.namespace}/${rule.name}`;
}
