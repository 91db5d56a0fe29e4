import { isForSidecars } from '../../pilot/translate/routes.ts';
import type { DestinationRule, ResourceSet, VirtualService } from '../../pilot/api/resource.ts';
import type { Destination } from '../../pilot/api/virtual-service-schema.ts';
import { coversHostname, namesOf } from '../../pilot/model/hostname.ts';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import { type FilePlace, type RuleFiles, nameOf, placeOfRule } from '../files/rule-files.ts';
import type { Observation } from '../mesh/observation.ts';
import { meshDomain } from '../mesh/service.ts';

/** Something in the rules that a request can reach. */
export interface CoveragePoint {
  readonly kind: 'route' | 'match' | 'tcp route' | 'destination' | 'mirror' | 'subset';
  /** Such as `VirtualService default/reviews`. */
  readonly object: string;
  /** Such as `spec.http[0].match[1]`. */
  readonly path: string;
  readonly place?: FilePlace;
  /** How many of the observed requests reached it. */
  readonly hits: number;
}

/** What of the rules was reached, in the order of the rules. */
export interface Coverage {
  readonly points: readonly CoveragePoint[];
  readonly reached: number;
  readonly total: number;
  /** 0–100; 100 where there is nothing to reach. */
  readonly percent: number;
}

/** What of an observation coverage is about: what the caller's proxy wrote, and who got a copy. */
export type Reached = Pick<Observation, 'log' | 'arrivals'>;

type Point = Omit<CoveragePoint, 'hits' | 'place'> & {
  readonly isReachedBy: (reached: Reached) => boolean;
};

/**
 * Which matches and routes of the VirtualServices, which of several destinations and which subsets of the
 * DestinationRules no request reached. Rules that no sidecar takes (of gateways, `tls`, `delegate`), destinations of
 * weight 0 and mirrors of 0 % cannot be reached and do not count.
 */
export function coverRules(rules: RuleFiles, seen: readonly Reached[]): Coverage {
  const { resources } = rules;
  const points = resources
    .flatMap((rule) => pointsOf(rule, resources))
    .map(({ isReachedBy, ...point }): CoveragePoint => {
      const place = placeOfRule(rules, point.object, point.path);
      const hits = seen.filter(isReachedBy).length;
      return { ...point, ...(place === undefined ? {} : { place }), hits };
    });
  return summarize(points);
}

/** What several runs reached together: a point of a file that several of them have counts once. */
export function mergeCoverage(all: readonly Coverage[]): Coverage {
  const points = new Map<string, CoveragePoint>();
  for (const point of all.flatMap((coverage) => coverage.points)) {
    const { object, path, place } = point;
    const key = JSON.stringify([object, path, place]);
    points.set(key, { ...point, hits: point.hits + (points.get(key)?.hits ?? 0) });
  }
  return summarize([...points.values()]);
}

function summarize(points: readonly CoveragePoint[]): Coverage {
  const reached = points.filter(({ hits }) => hits > 0).length;
  const total = points.length;
  return { points, reached, total, percent: total === 0 ? 100 : (100 * reached) / total };
}

function pointsOf(rule: ResourceSet[number], rules: ResourceSet): readonly Point[] {
  if (rule.kind === 'VirtualService') {
    return isForSidecars(rule.spec) ? [...httpPoints(rule, rules), ...tcpPoints(rule)] : [];
  }
  return rule.kind === 'DestinationRule' ? subsetPoints(rule, rules) : [];
}

function httpPoints(service: VirtualService, rules: ResourceSet): readonly Point[] {
  const object = nameOf(service);
  return (service.spec.http ?? []).flatMap((route, index) => {
    if (!('route' in route || 'redirect' in route || 'directResponse' in route)) return [];
    const path = `spec.http[${index}]`;
    const matches = (route.match ?? []).flatMap(({ gateways }, number): readonly Point[] =>
      gateways?.includes('mesh') === false
        ? []
        : [{ kind: 'match', object, ...decidedBy(object, `${path}.match[${number}]`) }],
    );
    const decided =
      route.match === undefined || route.match.length === 0
        ? [{ kind: 'route', object, ...decidedBy(object, path) } as const]
        : matches;
    return [
      ...decided,
      ...destinationPoints(object, path, route.route ?? []),
      ...mirrorPoints(object, path, mirrorsOf(route), rules),
    ];
  });
}

function tcpPoints(service: VirtualService): readonly Point[] {
  const object = nameOf(service);
  return (service.spec.tcp ?? []).flatMap(({ route = [] }, index) => {
    const path = `spec.tcp[${index}]`;
    return [
      { kind: 'tcp route', object, ...decidedBy(object, path) } as const,
      ...destinationPoints(object, path, route),
    ];
  });
}

function decidedBy(object: string, path: string): Pick<Point, 'path' | 'isReachedBy'> {
  return { path, isReachedBy: ({ log }) => log?.rule === object && log.rulePath === path };
}

function isBelow({ rule, rulePath }: AccessLogEntry, object: string, path: string): boolean {
  return rule === object && (rulePath === path || rulePath?.startsWith(`${path}.`) === true);
}

interface Target {
  readonly destination: Destination;
  readonly weight?: number;
}

/** Where requests are shared out, each share is a point; a single destination is reached with its route. */
function destinationPoints(
  object: string,
  path: string,
  targets: readonly Target[],
): readonly Point[] {
  if (targets.length < 2) return [];
  return targets.flatMap(({ destination, weight = 0 }, index): readonly Point[] =>
    weight <= 0
      ? []
      : [
          {
            kind: 'destination',
            object,
            path: `${path}.route[${index}]`,
            isReachedBy: ({ log }) =>
              log !== undefined && isBelow(log, object, path) && wentTo(log, destination),
          },
        ],
  );
}

interface PlacedMirror {
  readonly path: string;
  readonly destination: Destination;
  readonly percent: number;
}

type HttpRoute = NonNullable<VirtualService['spec']['http']>[number];

function mirrorsOf(route: HttpRoute): readonly PlacedMirror[] {
  const { mirror, mirrors = [], mirrorPercentage, mirrorPercent, mirror_percent } = route;
  const share = mirrorPercentage?.value ?? mirrorPercent ?? mirror_percent ?? 100;
  return [
    ...(mirror === undefined ? [] : [{ path: 'mirror', destination: mirror, percent: share }]),
    ...mirrors.map(({ destination, percentage }, index) => ({
      path: `mirrors[${index}]`,
      destination,
      percent: percentage?.value ?? 100,
    })),
  ].filter(({ percent }) => percent > 0);
}

/** Envoy's access log does not say where copies went; who got one does. */
function mirrorPoints(
  object: string,
  path: string,
  mirrors: readonly PlacedMirror[],
  rules: ResourceSet,
): readonly Point[] {
  return mirrors.map(({ path: mirror, destination }) => ({
    kind: 'mirror',
    object,
    path: `${path}.${mirror}`,
    isReachedBy: ({ log, arrivals }) =>
      log !== undefined &&
      isBelow(log, object, path) &&
      arrivals.some((arrival) => arrival.mirrored && isMember(arrival, destination, rules)),
  }));
}

/** As far as can be told from the version: other labels of who got it are not known. */
function isMember(
  { service, version }: Reached['arrivals'][number],
  { host, subset }: Destination,
  rules: ResourceSet,
): boolean {
  if (!means(host, fullName(service))) return false;
  const labels = rules
    .filter((rule) => rule.kind === 'DestinationRule')
    .filter(({ spec }) => means(spec.host, fullName(service)))
    .flatMap(({ spec }) => spec.subsets ?? [])
    .find(({ name }) => name === subset)?.labels;
  const wanted = labels?.['version'];
  return subset === undefined || wanted === undefined || wanted === version;
}

function subsetPoints(rule: DestinationRule, rules: ResourceSet): readonly Point[] {
  const object = nameOf(rule);
  const mirrors = rules
    .filter((other) => other.kind === 'VirtualService')
    .flatMap((service) =>
      (service.spec.http ?? []).flatMap((route, index) =>
        mirrorPoints(nameOf(service), `spec.http[${index}]`, mirrorsOf(route), rules).map(
          ({ isReachedBy }, number) => ({
            isReachedBy,
            destination: mirrorsOf(route)[number]?.destination,
          }),
        ),
      ),
    );
  return (rule.spec.subsets ?? []).map(({ name }, index) => ({
    kind: 'subset',
    object,
    path: `spec.subsets[${index}]`,
    isReachedBy: (reached) =>
      (reached.log !== undefined && wentTo(reached.log, { host: rule.spec.host, subset: name })) ||
      mirrors.some(
        ({ destination, isReachedBy }) =>
          destination?.subset === name &&
          means(rule.spec.host, fullName(destination.host)) &&
          isReachedBy(reached),
      ),
  }));
}

/** Whether the request went to the cluster of a destination (see outboundCluster in pilot/ir/names.ts). */
function wentTo({ upstreamCluster }: AccessLogEntry, { host, subset, port }: Destination): boolean {
  const [direction, number, name, hostname = ''] = upstreamCluster?.split('|') ?? [];
  return (
    direction === 'outbound' &&
    name === (subset ?? '') &&
    (port?.number === undefined || String(port.number) === number) &&
    means(host, hostname)
  );
}

/** Whether a rule's `host`, short or full or with a wildcard, means the service. */
function means(host: string, hostname: string): boolean {
  return coversHostname(host, hostname) || namesOf(hostname, meshDomain).includes(host);
}

function fullName(host: string): string {
  return host.includes('.') ? host : `${host}.${meshDomain}`;
}
