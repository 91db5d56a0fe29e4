import type { DestinationRuleSpec, Subset } from '../api/destination-rule-schema.ts';
import type { PortTrafficPolicy, TrafficPolicy } from '../api/traffic-policy.ts';
import { coversHostname } from '../model/hostname.ts';
import type { Mesh, Rule } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';

/** The part of a traffic policy that can be set per port. */
export type EffectivePolicy = Omit<PortTrafficPolicy, 'port'>;

/** Finds the DestinationRule of each service, for the callers of one view. */
export interface Policies {
  /** The DestinationRule of a service; undefined when it has none. */
  readonly ruleOf: (hostname: string) => Rule<DestinationRuleSpec> | undefined;
  /** The subsets of a service, in the order of the rule. */
  readonly subsets: (hostname: string) => readonly Subset[];
  /** How one port of a service, or of a subset, is called. */
  readonly policy: (hostname: string, port: number, subset?: string) => EffectivePolicy;
}

export function indexPolicies(mesh: Pick<Mesh, 'destinationRules'>, view: View): Policies {
  const found = new Map<string, Rule<DestinationRuleSpec> | undefined>();
  const ruleOf = (hostname: string): Rule<DestinationRuleSpec> | undefined => {
    if (!found.has(hostname)) found.set(hostname, findRule(mesh.destinationRules, hostname, view));
    return found.get(hostname);
  };
  return {
    ruleOf,
    subsets: (hostname) => ruleOf(hostname)?.spec.subsets ?? [],
    policy: (hostname, port, subset) => {
      const spec = ruleOf(hostname)?.spec;
      const general = mergePolicy({}, spec?.trafficPolicy, port);
      const named = spec?.subsets?.find((candidate) => candidate.name === subset);
      return mergePolicy(general, named?.trafficPolicy, port);
    },
  };
}

/** The caller's namespace goes first, an exact host before a wildcard, a longer wildcard before a shorter. */
function findRule(
  rules: readonly Rule<DestinationRuleSpec>[],
  hostname: string,
  view: View,
): Rule<DestinationRuleSpec> | undefined {
  const covering = rules.filter((rule) =>
    rule.hosts.some((host) => coversHostname(host, hostname)),
  );
  const rank = (rule: Rule<DestinationRuleSpec>): number =>
    (rule.hosts.includes(hostname) ? 1_000_000 : (rule.hosts[0] ?? '').length * 10) +
    (rule.namespace === view.namespace ? 1 : 0);
  return covering.reduce<Rule<DestinationRuleSpec> | undefined>(
    (best, rule) => (best === undefined || rank(rule) > rank(best) ? rule : best),
    undefined,
  );
}

/**
 * Lays `override` over `base`: its settings replace those of the base one by one, and a setting for the
 * port replaces all of them (istio/api destination_rule.proto: port level settings do not inherit).
 */
function mergePolicy(
  base: EffectivePolicy,
  override: TrafficPolicy | undefined,
  port: number,
): EffectivePolicy {
  if (override === undefined) return base;
  const perPort = override.portLevelSettings?.find((setting) => setting.port?.number === port);
  if (perPort !== undefined) return perPort;
  const { loadBalancer, connectionPool, outlierDetection, tls } = override;
  return {
    ...base,
    ...(loadBalancer === undefined ? {} : { loadBalancer }),
    ...(connectionPool === undefined ? {} : { connectionPool }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
    ...(tls === undefined ? {} : { tls }),
  };
}
