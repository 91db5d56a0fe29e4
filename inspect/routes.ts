import type { Table } from './table.ts';
import { routeMetadata } from '../sidecar/contract/access-log.ts';
import { compare } from './clusters.ts';
import { type DumpedResource, type EnvoyJson, at, listAt, textAt } from './dump-sections.ts';

/** A rule that a route comes from. */
export interface RuleOfRoute {
  /** Such as `VirtualService default/reviews`. */
  readonly rule: string;
  readonly path: string;
}

export function filterRoutes(
  routes: readonly DumpedResource[],
  name: string | undefined,
): readonly DumpedResource[] {
  return name === undefined ? routes : routes.filter((table) => table.name === name);
}

export function tableOfRoutes(routes: readonly DumpedResource[]): Table {
  return {
    columns: ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'],
    rows: [...routes]
      .sort((left, right) => compare(keyOf(left), keyOf(right)))
      .flatMap(({ name, config }) =>
        listAt(config, 'virtual_hosts').flatMap((host) => rowsOfHost(name, host)),
      ),
  };
}

/** Ports in the order of numbers, before what has a name. */
function keyOf({ name }: DumpedResource): readonly (number | string)[] {
  const port = Number(name);
  return Number.isInteger(port) ? [0, port] : [1, name];
}

function rowsOfHost(table: string, host: EnvoyJson): readonly (readonly string[])[] {
  const domains = shorten((host['domains'] as readonly string[] | undefined) ?? []);
  const name = textAt(host, 'name') ?? '';
  const routes = listAt(host, 'routes');
  // As istioctl: a host without routes answers 404.
  if (routes.length === 0) return [[table, name, domains, '/*', '404']];
  return routes.map((route) => [table, name, domains, describeMatch(route), nameOfRule(route)]);
}

/** Two of them, and how many more. */
function shorten(domains: readonly string[]): string {
  if (domains.length <= 2) return domains.join(', ');
  return `${domains.slice(0, 2).join(', ')} + ${domains.length - 2} more...`;
}

/** The path as istioctl writes it, then what else must hold. */
function describeMatch(route: EnvoyJson): string {
  const { match } = route;
  const exact = textAt(match, 'path');
  const regex = textAt(match, 'safe_regex', 'regex');
  const separated = textAt(match, 'path_separated_prefix');
  const path =
    exact ??
    (regex === undefined ? undefined : `regex ${regex}`) ??
    (separated === undefined ? undefined : `${separated}[/*]`) ??
    `${textAt(match, 'prefix') ?? ''}*`;
  const headers = listAt(match, 'headers').map((header) => textAt(header, 'name') ?? '');
  const query = listAt(match, 'query_parameters').map((one) => textAt(one, 'name') ?? '');
  return [
    path,
    ...(headers.length === 0 ? [] : [`headers ${[...new Set(headers)].join(',')}`]),
    ...(query.length === 0 ? [] : [`query ${query.join(',')}`]),
  ].join(' ');
}

/** The rule of the user that makes a route; undefined for a default of the mesh. */
export function ruleOfRoute(route: EnvoyJson): RuleOfRoute | undefined {
  const metadata = at(route, 'metadata', 'filter_metadata', routeMetadata.namespace);
  const rule = textAt(metadata, routeMetadata.rule);
  const path = textAt(metadata, routeMetadata.path);
  return rule === undefined || path === undefined ? undefined : { rule, path };
}

/** NAME.NAMESPACE of the VirtualService. */
function nameOfRule(route: EnvoyJson): string {
  const rule = ruleOfRoute(route);
  const [, namespace, name] = /^\w+ (.*)\/(.*)$/.exec(rule?.rule ?? '') ?? [];
  return name === undefined || namespace === undefined ? '' : `${name}.${namespace}`;
}
