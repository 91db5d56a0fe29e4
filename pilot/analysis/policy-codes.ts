import type { CodeInfo } from './code-info.ts';

const error = 'error';
const warning = 'warning';
const info = 'info';

/** Codes about policies, fields of yesterday and EnvoyFilters (see codes.ts). */
export const policyCodes = {
  // Policies that do not do what they say.
  CM0501: {
    name: 'NoMatchingWorkloadsFound',
    severity: warning,
    istio: 'IST0127',
    meaning: 'The selector of an object matches no workload that the registry knows.',
    fix: 'Correct the labels or the namespace, or start the workload.',
  },
  CM0502: {
    name: 'MTLSPolicyConflict',
    severity: error,
    istio: 'IST0113',
    meaning:
      'A DestinationRule says plain text where a PeerAuthentication demands the TLS of the mesh, or the reverse.',
    fix: 'Let both say the same; without tls in the DestinationRule the proxies agree by themselves.',
  },
  CM0503: {
    name: 'AuthorizationRuleNeverMatches',
    severity: warning,
    meaning: 'A rule of an AuthorizationPolicy contradicts itself and can never match.',
    fix: 'Remove one of the two conditions.',
  },
  CM0504: {
    name: 'AuthorizationPolicyDeniesAll',
    severity: info,
    meaning: 'An AuthorizationPolicy that allows, without rules, refuses every request.',
    fix: 'If it is meant so, it is right; to allow everything write rules: [{}].',
  },
  CM0505: {
    name: 'NoServerCertificateVerificationDestinationLevel',
    severity: warning,
    istio: 'IST0128',
    meaning: 'A DestinationRule starts TLS and names no authorities: whoever answers is believed.',
    fix: 'Write caCertificates or credentialName, and subjectAltNames.',
  },
  CM0506: {
    name: 'NoServerCertificateVerificationPortLevel',
    severity: warning,
    istio: 'IST0129',
    meaning: 'The same for one port.',
    fix: 'Write caCertificates or credentialName, and subjectAltNames.',
  },
  // Fields of yesterday.
  CM0601: {
    name: 'Deprecated',
    severity: warning,
    istio: 'IST0002',
    meaning: 'A field or a value is deprecated.',
    fix: 'Use what the message names.',
  },
  // EnvoyFilters.
  CM0701: {
    name: 'EnvoyFilterUsesRelativeOperation',
    severity: warning,
    istio: 'IST0151',
    meaning:
      'A patch stands in relation to another one, and without a priority nobody says which comes first.',
    fix: 'Write spec.priority, or use ADD or INSERT_FIRST.',
  },
  CM0702: {
    name: 'EnvoyFilterUsesReplaceOperationIncorrectly',
    severity: error,
    istio: 'IST0152',
    meaning: 'REPLACE works for NETWORK_FILTER, HTTP_FILTER and VIRTUAL_HOST only.',
    fix: 'Use MERGE.',
  },
  CM0703: {
    name: 'EnvoyFilterUsesAddOperationIncorrectly',
    severity: error,
    istio: 'IST0153',
    meaning: 'ADD does nothing for ROUTE_CONFIGURATION and HTTP_ROUTE.',
    fix: 'Use INSERT_FIRST for HTTP_ROUTE, and MERGE for ROUTE_CONFIGURATION.',
  },
  CM0704: {
    name: 'EnvoyFilterUsesRemoveOperationIncorrectly',
    severity: error,
    istio: 'IST0154',
    meaning: 'REMOVE does nothing for ROUTE_CONFIGURATION and HTTP_ROUTE.',
    fix: 'Patch the VIRTUAL_HOST instead.',
  },
} as const satisfies Readonly<Record<string, CodeInfo>>;
