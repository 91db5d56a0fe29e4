import { Type } from 'typebox';
import { policyTarget } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { choice, list, message, text, texts } from './schema.ts';

/** The fields of Istio's AuthorizationPolicy (istio/api security/v1beta1/authorization_policy.proto). */

const accounts = (description: string): ReturnType<typeof texts> =>
  list(description, Type.String({ maxLength: 320 }), { maxItems: 16 });

const source = message('A caller; all of the fields must hold.', {
  principals: texts('Identities from certificates, such as cluster.local/ns/default/sa/web.'),
  notPrincipals: texts('Identities that it must not have.'),
  requestPrincipals: texts('Identities from tokens, as ISSUER/SUBJECT.'),
  notRequestPrincipals: texts('Identities from tokens that it must not have.'),
  namespaces: texts('Namespaces of the caller.'),
  notNamespaces: texts('Namespaces that it must not be in.'),
  serviceAccounts: accounts('Service accounts, as NAMESPACE/NAME or NAME.'),
  notServiceAccounts: accounts('Service accounts that it must not have.'),
  trustDomains: texts('Trust domains of its identity.'),
  notTrustDomains: texts('Trust domains that it must not be of.'),
  ipBlocks: texts('Addresses of the connection.'),
  notIpBlocks: texts('Addresses that it must not come from.'),
  remoteIpBlocks: texts('Addresses of the original client, as X-Forwarded-For says.'),
  notRemoteIpBlocks: texts('Addresses that the original client must not have.'),
});

const operation = message('A request; all of the fields must hold.', {
  hosts: texts('Hosts.'),
  notHosts: texts('Hosts that it must not be for.'),
  ports: texts('Ports of the workload.'),
  notPorts: texts('Ports that it must not be for.'),
  methods: texts('HTTP methods.'),
  notMethods: texts('HTTP methods that it must not have.'),
  paths: texts('Paths, with * at the beginning or end, or templates with {*} and {**}.'),
  notPaths: texts('Paths that it must not have.'),
});

const condition = message(
  'A condition on an attribute.',
  {
    key: text('The attribute, such as request.headers[version].'),
    values: texts('Values of which it must have one.'),
    notValues: texts('Values that it must not have.'),
  },
  ['key'],
);

const rule = message('A rule; it matches when from, to and when do.', {
  from: list('Callers, of which one must match.', message('A caller.', { source }), {
    maxItems: 512,
  }),
  to: list('Requests, of which one must match.', message('A request.', { operation })),
  when: list('Conditions, which must all hold.', condition),
});

export const authorizationPolicySchema = message('Who may call workloads.', {
  ...policyTarget,
  rules: list('Rules of which one must match; without any, nothing matches.', rule, {
    maxItems: 512,
  }),
  action: choice('What happens to requests that match. Default ALLOW.', [
    'ALLOW',
    'DENY',
    'AUDIT',
    'CUSTOM',
  ]),
  provider: message('Who decides, for action CUSTOM.', {
    name: text('Name of an extension provider of the mesh.'),
  }),
});

export type AuthorizationPolicySpec = Decoded<typeof authorizationPolicySchema>;
export type AuthorizationRule = Decoded<typeof rule>;
export type AuthorizationSource = Decoded<typeof source>;
export type AuthorizationOperation = Decoded<typeof operation>;
export type AuthorizationCondition = Decoded<typeof condition>;
