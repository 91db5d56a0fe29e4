import type { VirtualServiceSpec } from '../../api/virtual-service-schema.ts';
import { coversHostname } from '../../model/hostname.ts';
import { type Finding, defineAnalyzer } from '../analyzer.ts';
import { gatewayName, gatewaysOf } from '../destinations.ts';
import { type CallerMatch, coversCaller, coversHttp, coversList } from '../match-cover.ts';

/** Rules and matches of a VirtualService that are never reached. */
export const shadowedRoutes = defineAnalyzer({
  name: 'virtualservice.shadowed-routes',
  description: 'Finds rules and matches that earlier ones leave nothing to',
  codes: ['CM0301', 'CM0302'],
  kinds: ['VirtualService'],
  analyze: function* ({ spec, key }) {
    const inNamespace = (names: readonly string[]): readonly string[] =>
      names.map((name) => (name === 'mesh' ? name : gatewayName(name, key.namespace)));
    const gateways = inNamespace(gatewaysOf(spec));
    const placed = <M extends CallerMatch>(match: M): M =>
      match.gateways === undefined ? match : { ...match, gateways: inNamespace(match.gateways) };
    yield* findShadowed('spec.http', httpRules(spec), (wide, narrow) =>
      coversHttp(placed(wide), placed(narrow), gateways),
    );
    yield* findShadowed('spec.tls', spec.tls ?? [], (wide, narrow) => {
      const caller = coversCaller(placed(wide), placed(narrow), gateways);
      const subnets = coversList(wide.destinationSubnets, narrow.destinationSubnets);
      return caller && subnets && coversList(wide.sniHosts, narrow.sniHosts, coversHostname);
    });
    yield* findShadowed('spec.tcp', spec.tcp ?? [], (wide, narrow) => {
      const caller = coversCaller(placed(wide), placed(narrow), gateways);
      const subnets = coversList(wide.destinationSubnets, narrow.destinationSubnets);
      const isSame = wide.sourceSubnet === undefined || wide.sourceSubnet === narrow.sourceSubnet;
      return caller && subnets && isSame;
    });
  },
});

interface RuleWith<M> {
  readonly name?: string;
  readonly match?: readonly M[];
  /** Requests that its delegate does not take go on to the next rule. */
  readonly mayPass?: boolean;
}

type HttpMatch = NonNullable<NonNullable<VirtualServiceSpec['http']>[number]['match']>[number];

function httpRules({ http = [] }: VirtualServiceSpec): readonly RuleWith<HttpMatch>[] {
  return http.map((rule) => ({ ...rule, mayPass: rule.delegate !== undefined }));
}

/** A match that comes before, or a rule without any, which matches everything. */
interface Earlier<M> {
  readonly path: string;
  readonly match: M | undefined;
}

function* findShadowed<M>(
  path: string,
  rules: readonly RuleWith<M>[],
  covers: Covers<M>,
): Iterable<Finding> {
  const taken: Earlier<M>[] = [];
  for (const [index, { match = [], mayPass = false }] of rules.entries()) {
    const place = `${path}[${index}]`;
    const own = placeMatches(place, match);
    yield* judgeRule(place, own, taken, covers);
    if (!mayPass) taken.push(...own);
  }
}

type Covers<M> = (wide: M, narrow: M) => boolean;

/** Says of a rule that it is hidden whole, or else which of its matches are. */
function* judgeRule<M>(
  place: string,
  own: readonly Earlier<M>[],
  taken: readonly Earlier<M>[],
  covers: Covers<M>,
): Iterable<Finding> {
  const before = own.map((one) => findCover(one, taken, covers));
  const [first] = before;
  if (first !== undefined && before.every((cover) => cover !== undefined)) {
    yield describeRule(place, first.path);
    return;
  }
  for (const [at, one] of own.entries()) {
    const cover = before[at] ?? findCover(one, own.slice(0, at), covers);
    if (cover !== undefined) yield describeMatch(one.path, cover.path);
  }
}

/** A rule without matches is one that matches everything. */
function placeMatches<M>(place: string, matches: readonly M[]): readonly Earlier<M>[] {
  if (matches.length === 0) return [{ path: place, match: undefined }];
  return matches.map((match, at) => ({ path: `${place}.match[${at}]`, match }));
}

function findCover<M>(
  { match }: Earlier<M>,
  earlier: readonly Earlier<M>[],
  covers: (wide: M, narrow: M) => boolean,
): Earlier<M> | undefined {
  return earlier.find((one) => one.match === undefined || covers(one.match, match ?? ({} as M)));
}

function describeRule(path: string, cover: string): Finding {
  return {
    code: 'CM0301',
    path,
    message: `is never taken: ${cover} takes all that it matches. Move it before that, or remove it`,
  };
}

function describeMatch(path: string, cover: string): Finding {
  return {
    code: 'CM0302',
    path,
    message: `adds nothing: ${cover} takes all that it matches. Remove it, or move its rule up`,
  };
}
