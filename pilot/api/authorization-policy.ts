import type { AuthorizationPolicySpec, AuthorizationRule } from './authorization-policy-schema.ts';
import { authorizationPolicySchema } from './authorization-policy-schema.ts';
import { checkCondition, checkOperation, checkSource } from './authorization-rules.ts';
import { checkDryRun } from './dry-run.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, required } from './field-error.ts';
import { ageColumn, defineKind, istioSecurity } from './kind.ts';
import { checkPolicyTarget } from './policy-target-rules.ts';
import type { ObjectMeta } from './resource.ts';

export const authorizationPolicy = defineKind({
  ...istioSecurity,
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  singular: 'authorizationpolicy',
  shortNames: ['ap'],
  description: 'Who may call workloads.',
  columns: [
    { name: 'Action', type: 'string', description: 'What happens.', path: 'spec.action' },
    ageColumn,
  ],
  schema: authorizationPolicySchema,
  validate: checkAuthorizationPolicy,
});

function* checkAuthorizationPolicy(
  spec: AuthorizationPolicySpec,
  metadata: ObjectMeta,
): Iterable<FieldError> {
  const { action = 'ALLOW', rules = [] } = spec;
  yield* checkPolicyTarget('spec', spec);
  yield* checkProvider(spec);
  yield* checkDryRun(action, metadata);
  if ((action === 'DENY' || action === 'CUSTOM') && rules.length === 0) {
    yield required('spec.rules', `without rules ${action} matches nothing; {} matches everything`);
  }
  for (const [index, rule] of rules.entries()) {
    const path = `spec.rules[${index}]`;
    yield* checkRule(path, rule);
    if (action === 'CUSTOM') yield* checkCustomRule(path, rule);
    if (action === 'DENY') yield* warnOfTcp(path, rule);
  }
}

function* checkProvider({
  action = 'ALLOW',
  provider,
}: AuthorizationPolicySpec): Iterable<FieldError> {
  if (action === 'CUSTOM') {
    if ((provider?.name ?? '') === '') {
      yield required('spec.provider.name', 'action CUSTOM needs it');
    }
  } else if (provider !== undefined) {
    yield forbidden('spec.provider', `is for action CUSTOM only, this one is ${action}; remove it`);
  }
}

function* checkRule(path: string, rule: AuthorizationRule): Iterable<FieldError> {
  for (const name of ['from', 'to'] as const) {
    if (rule[name]?.length === 0) yield required(`${path}.${name}`, 'write one, or leave it out');
  }
  for (const [index, { source }] of (rule.from ?? []).entries()) {
    yield* checkSource(`${path}.from[${index}].source`, source);
  }
  for (const [index, { operation }] of (rule.to ?? []).entries()) {
    yield* checkOperation(`${path}.to[${index}].operation`, operation);
  }
  for (const [index, condition] of (rule.when ?? []).entries()) {
    yield* checkCondition(`${path}.when[${index}]`, condition);
  }
}

/** What the server of a CUSTOM action is not told of, so that no rule can ask for it. */
const customSources = [
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
] as const;

const customKeys = [
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
];

function* checkCustomRule(path: string, rule: AuthorizationRule): Iterable<FieldError> {
  const why = 'is not supported with action CUSTOM; remove it';
  for (const [index, { source }] of (rule.from ?? []).entries()) {
    for (const name of customSources) {
      if ((source?.[name] ?? []).length > 0) {
        yield forbidden(`${path}.from[${index}].source.${name}`, why);
      }
    }
  }
  for (const [index, { key }] of (rule.when ?? []).entries()) {
    if (customKeys.includes(key) || key.startsWith('request.auth.')) {
      yield forbidden(`${path}.when[${index}].key`, `${key} ${why}`);
    }
  }
}

const tcpSources = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'ipBlocks',
  'notIpBlocks',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
] as const;

/** What a TCP port cannot tell counts as matched there, so that DENY denies everything. */
function* warnOfTcp(path: string, { from = [], to = [] }: AuthorizationRule): Iterable<FieldError> {
  const tcpFrom = from.some(({ source }) => tcpSources.some((name) => source?.[name]));
  const tcpTo = to.some(({ operation }) => operation?.ports ?? operation?.notPorts);
  const isHttpOnly = to.length > 0 ? !tcpTo : from.length > 0 && !tcpFrom;
  if (isHttpOnly) {
    const detail = 'asks only what HTTP tells: on TCP ports it denies everything; name to.ports';
    yield asWarning(forbidden(path, detail));
  }
}
