import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { coversHostname, resolveHostname } from '../../pilot/model/hostname.ts';
import { type JudgedCall, judgeRoutes } from '../explain/conditions.ts';
import { type FilePlace, type RuleFiles, nameOf, placeOfRule } from '../files/rule-files.ts';
import { hostnameOf, meshDomain } from '../mesh/service.ts';

/** A rule that stood before the one that decided, and what of the request it does not hold for. */
export interface Passed {
  readonly path: string;
  readonly place?: FilePlace;
  /** One for each condition that the request does not meet; none when it seems to meet all. */
  readonly reasons: readonly string[];
}

type VirtualService = Extract<ConfigResource, { readonly kind: 'VirtualService' }>;

/**
 * The matches that a request went past before a rule decided, in their order. It only explains: what decided is
 * what the proxy wrote in its log.
 */
export function findPassed(
  rules: RuleFiles,
  attempt: JudgedCall,
  log: AccessLogEntry | undefined,
): readonly Passed[] {
  const rule = findRule(rules, attempt.request.url, log);
  if (rule === undefined) return [];
  const passed: Passed[] = [];
  for (const { path, unmet } of judgeRoutes(rule.spec, attempt)) {
    if (path === log?.rulePath) return passed;
    const place = placeOfRule(rules, nameOf(rule), path);
    passed.push({ path, ...(place === undefined ? {} : { place }), reasons: unmet });
  }
  return passed;
}

function findRule(
  { resources }: RuleFiles,
  url: string,
  log: AccessLogEntry | undefined,
): VirtualService | undefined {
  const virtualServices = resources.filter((rule) => rule.kind === 'VirtualService');
  if (log?.rule !== undefined) return virtualServices.find((rule) => nameOf(rule) === log.rule);
  const hostname = hostnameOf({ name: new URL(url).hostname });
  return virtualServices.find(({ spec: { hosts = [] } }) =>
    hosts.some((host) =>
      coversHostname(
        resolveHostname(host, meshDomain, (name) => name === hostname),
        hostname,
      ),
    ),
  );
}
