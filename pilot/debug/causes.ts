import { routeMetadata } from '../../sidecar/contract/access-log.ts';
import type { Rejection } from '../ads/stream-state.ts';
import type { ConfigResource, ResourceSet } from '../api/resource.ts';
import { coversHostname, resolveHostname } from '../model/hostname.ts';
import type { Snapshot, XdsType } from '../xds/resource.ts';
import { resourceToJson } from './config-dump.ts';

/** A place in what a user wrote. */
export interface Cause {
  /** Such as `VirtualService default/reviews`. */
  readonly resource: string;
  /** The field, such as `spec.http[0].match[0].uri.regex`; missing when it is the whole. */
  readonly path?: string;
}

export interface Causes {
  /** Whether Envoy's words point at just these; else it is one of them. */
  readonly certain: boolean;
  readonly causes: readonly Cause[];
}

/** Where to look for what a proxy refuses. */
export interface CauseSources {
  readonly snapshot: Snapshot;
  readonly resources: ResourceSet;
  /** Domain in which rules may use short names. */
  readonly domain: string;
}

/** A place that a refused resource was made from, with what stands there. */
interface Candidate {
  readonly cause: Cause;
  readonly content: unknown;
  /** Whether Envoy's words name its place in the refused resource. */
  readonly pointedAt: boolean;
}

/**
 * What of the users' resources a rejection comes from. Routes carry the rule that made them; the others are found by
 * the host and subset in their names. Among those, the places win whose values Envoy quotes, then the routes whose
 * index it names (`VirtualHosts[1]… Routes[0]`, protoc-gen-validate); without either, all of them are possible.
 */
export function findCauses(type: XdsType, rejection: Rejection, sources: CauseSources): Causes {
  const candidates = rejection.names.flatMap((name) => [
    ...originsOf(type, name, rejection.text, sources),
    ...(type === 'route' ? [] : behindCluster(name, sources)),
  ]);
  const words = withoutNames(rejection);
  const quoted = longestOf(candidates.flatMap((candidate) => findQuoted(candidate, words)));
  if (quoted.length > 0) return { certain: true, causes: distinct(quoted) };
  const pointed = candidates.filter(({ pointedAt }) => pointedAt);
  const causes = distinct((pointed.length > 0 ? pointed : candidates).map(({ cause }) => cause));
  return { certain: pointed.length > 0 || causes.length === 1, causes };
}

/** The names of resources hold host names, which rules hold too, without being at fault. */
function withoutNames({ text, names }: Rejection): string {
  return names.reduce((rest, name) => rest.replaceAll(name, ' '), text);
}

/** The rules that a refused route table or listener says it comes from. */
function originsOf(
  type: XdsType,
  name: string,
  text: string,
  { snapshot, resources }: CauseSources,
): readonly Candidate[] {
  const resource = snapshot[type].resources.get(name);
  if (resource === undefined || type === 'cluster' || type === 'endpoint') return [];
  const indexes = pointers(text);
  return findOrigins(resourceToJson(type, resource)).flatMap(({ rule, path, place }) => {
    const found = resources.find((candidate) => nameOf(candidate) === rule);
    const pointedAt = indexes.some((index) => place.startsWith(index));
    return [
      { cause: { resource: rule, path }, content: readPath(found, wholeRule(path)), pointedAt },
    ];
  });
}

/** `VirtualHostValidationError.Routes[2]` below `…VirtualHosts[1]` → virtual_hosts[1].routes[2]. */
function pointers(text: string): readonly string[] {
  const host = /VirtualHosts\[(\d+)\]/.exec(text)?.[1];
  const route = /\.Routes\[(\d+)\]/.exec(text)?.[1];
  if (host === undefined) return [];
  const place = `virtual_hosts[${host}].`;
  return [route === undefined ? place : `${place}routes[${route}].`];
}

interface Origin {
  readonly rule: string;
  readonly path: string;
  /** Where in the resource. */
  readonly place: string;
}

const connectionOrigin = /"(VirtualService [^"]+)" "(spec\.[^"]+)"/;

/** Everything below `value` that says which rule it comes from: by its metadata, or by what its log will say. */
function findOrigins(value: unknown, place = ''): readonly Origin[] {
  if (typeof value === 'string') {
    const [, rule, path] = connectionOrigin.exec(value) ?? [];
    return rule === undefined || path === undefined ? [] : [{ rule, path, place }];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => findOrigins(item, `${place.slice(0, -1)}[${index}].`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const own = (value as Readonly<Record<string, unknown>>)[routeMetadata.namespace];
  if (isOrigin(own)) return [{ ...own, place }];
  return Object.entries(value).flatMap(([key, item]) => findOrigins(item, `${place}${key}.`));
}

function isOrigin(value: unknown): value is { readonly rule: string; readonly path: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    routeMetadata.rule in value &&
    routeMetadata.path in value
  );
}

/** A match makes a route together with the rest of its rule: spec.http[0].match[1] → spec.http[0]. */
function wholeRule(path: string): string {
  return path.replace(/\.match\[\d+\]$/, '');
}

/** The rules and services that a cluster, and its endpoints, are made from. */
function behindCluster(name: string, { resources, domain }: CauseSources): readonly Candidate[] {
  const [direction, , subset = '', hostname = ''] = name.split('|');
  if (direction !== 'outbound' || hostname === '') return [];
  const concerns = (host: string): boolean =>
    coversHostname(
      resolveHostname(host, domain, (candidate) => candidate === hostname),
      hostname,
    );
  return resources.flatMap((resource): readonly Candidate[] => {
    if (resource.kind === 'DestinationRule' && concerns(resource.spec.host)) {
      const index = (resource.spec.subsets ?? []).findIndex((one) => one.name === subset);
      return [
        ...(index === -1 ? [] : [candidateAt(resource, `spec.subsets[${index}]`)]),
        candidateAt(resource, 'spec.trafficPolicy'),
      ].filter(({ content }) => content !== undefined);
    }
    if (resource.kind === 'ServiceEntry' && resource.spec.hosts.some(concerns)) {
      return [candidateAt(resource, 'spec')];
    }
    return [];
  });
}

function candidateAt(resource: ConfigResource, path: string): Candidate {
  const content = readPath(resource, path);
  return { cause: { resource: nameOf(resource), path }, content, pointedAt: false };
}

/** How a resource is called in messages. */
function nameOf({ kind, key }: ConfigResource): string {
  return `${kind} ${key.namespace}/${key.name}`;
}

function readPath(value: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== '')
    .reduce<unknown>(
      (found, key) =>
        typeof found === 'object' && found !== null
          ? (found as Readonly<Record<string, unknown>>)[key]
          : undefined,
      value,
    );
}

interface Quoted extends Cause {
  readonly length: number;
}

/** Texts below this length stand in too many places to mean one. */
const shortest = 3;

/** The values of a candidate that stand in Envoy's words. */
function findQuoted({ cause, content }: Candidate, words: string): readonly Quoted[] {
  const path = wholeRule(cause.path ?? 'spec');
  return leavesOf(content, path).flatMap(({ path: place, text }) =>
    text.length >= shortest && standsIn(text, words)
      ? [{ resource: cause.resource, path: place, length: text.length }]
      : [],
  );
}

function standsIn(text: string, words: string): boolean {
  const at = words.indexOf(text);
  if (at === -1) return false;
  const edges = [words[at - 1] ?? ' ', words[at + text.length] ?? ' '];
  return edges.every((edge) => !/\w/.test(edge));
}

function leavesOf(
  value: unknown,
  path: string,
): readonly { readonly path: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, at) => leavesOf(item, `${path}[${at}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, `${path}.${key}`));
}

function longestOf(quoted: readonly Quoted[]): readonly Cause[] {
  const longest = Math.max(...quoted.map(({ length }) => length));
  return quoted
    .filter(({ length }) => length === longest)
    .map(({ resource, path }) => ({ resource, ...(path === undefined ? {} : { path }) }));
}

function distinct(causes: readonly Cause[]): readonly Cause[] {
  return [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()];
}
