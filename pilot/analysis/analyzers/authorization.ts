import type {
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
} from '../../api/authorization-policy-schema.ts';
import { type Finding, defineAnalyzer, listSome } from '../analyzer.ts';

/** AuthorizationPolicies that say less, or more, than their authors think. */
export const authorization = defineAnalyzer({
  name: 'authorizationpolicy.rules',
  description: 'Finds rules of AuthorizationPolicies that can never match',
  codes: ['CM0503', 'CM0504'],
  kinds: ['AuthorizationPolicy'],
  analyze: function* ({ spec }): Iterable<Finding> {
    const { action = 'ALLOW', rules = [] } = spec;
    if (action === 'ALLOW' && rules.length === 0) {
      const message =
        'ALLOW without rules refuses every request. To allow everything write rules: [{}]';
      yield { code: 'CM0504', path: 'spec.rules', message };
    }
    for (const [index, rule] of rules.entries()) {
      const cause = contradiction(rule);
      if (cause === undefined) continue;
      const path = `spec.rules[${index}]${cause.path}`;
      yield { code: 'CM0503', path, message: `never matches: ${cause.message}` };
    }
  },
});

interface Contradiction {
  readonly path: string;
  readonly message: string;
}

/** A rule never matches when none of its callers can, none of its requests can, or one of its conditions cannot. */
function contradiction({ from, to, when }: AuthorizationRule): Contradiction | undefined {
  const callers = (from ?? []).map(({ source = {} }) => fieldsThatFail(source));
  const requests = (to ?? []).map(({ operation = {} }) => fieldsThatFail(operation));
  const conditions = (when ?? []).map(({ values = [], notValues = [] }) =>
    excludesAll(values, notValues) ? 'values and notValues exclude each other' : undefined,
  );
  const condition = conditions.findIndex((cause) => cause !== undefined);
  if (condition !== -1) {
    return { path: `.when[${condition}]`, message: adviseOn(conditions[condition] ?? '') };
  }
  for (const [name, causes] of [
    ['from[0].source', callers],
    ['to[0].operation', requests],
  ] as const) {
    const [first] = causes;
    if (first !== undefined && causes.every((cause) => cause !== undefined)) {
      return { path: `.${name}`, message: adviseOn(first) };
    }
  }
  return undefined;
}

function adviseOn(cause: string): string {
  return `${cause}. Correct it, or remove the rule`;
}

const positive = [
  ['principals', 'notPrincipals'],
  ['requestPrincipals', 'notRequestPrincipals'],
  ['namespaces', 'notNamespaces'],
  ['serviceAccounts', 'notServiceAccounts'],
  ['trustDomains', 'notTrustDomains'],
  ['ipBlocks', 'notIpBlocks'],
  ['remoteIpBlocks', 'notRemoteIpBlocks'],
  ['hosts', 'notHosts'],
  ['ports', 'notPorts'],
  ['methods', 'notMethods'],
  ['paths', 'notPaths'],
] as const;

function fieldsThatFail(part: AuthorizationSource & AuthorizationOperation): string | undefined {
  const pair = positive.find(([yes, no]) => excludesAll(part[yes] ?? [], part[no] ?? []));
  if (pair !== undefined) return `${pair[0]} and ${pair[1]} exclude each other`;
  const methods = part.methods ?? [];
  if (methods.length > 0 && methods.every((method) => /[a-z]/.test(method))) {
    return `methods are written in capitals, these are ${listSome(methods)}`;
  }
  const paths = part.paths ?? [];
  if (paths.length > 0 && paths.every((path) => /^[^/*{]/.test(path))) {
    return `paths begin with /, these are ${listSome(paths)}`;
  }
  return undefined;
}

/** Whether every value is excluded; sound, but it knows only the patterns *, a* and *a. */
function excludesAll(values: readonly string[], excluded: readonly string[]): boolean {
  if (values.length === 0 || excluded.length === 0) return false;
  return values.every((value) => excluded.some((pattern) => includes(pattern, value)));
}

function includes(pattern: string, value: string): boolean {
  if (pattern === value) return true;
  // "*" asks that there is a value at all, and a value is there.
  if (pattern === '*') return true;
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') && value.endsWith(pattern.slice(1));
}
