import type { CodeInfo } from './code-info.ts';
import { policyCodes } from './policy-codes.ts';

const error = 'error';
const warning = 'warning';
const info = 'info';

/**
 * Every code: hundreds go by theme. Codes are stable; one that is no longer given is not used again. docs/analysis.md
 * is generated from this table and from the examples beside it, and a test runs the examples.
 */
export const codes = {
  // References that lead nowhere.
  CM0101: {
    name: 'HostNotFound',
    severity: error,
    istio: 'IST0101',
    meaning: 'A route or a mirror names a host that is no service of the mesh. Callers get 503.',
    fix: 'Correct the name, start the service, or declare it in a ServiceEntry.',
  },
  CM0102: {
    name: 'SubsetNotFound',
    severity: error,
    istio: 'IST0101',
    meaning:
      'A route names a subset that the DestinationRule of the host does not have. Callers get 503.',
    fix: 'Add the subset to the DestinationRule of the host, or correct its name.',
  },
  CM0103: {
    name: 'PortNotFound',
    severity: error,
    istio: 'IST0101',
    meaning: 'A route names a port that the service does not have. Callers get 503.',
    fix: 'Name one of the ports of the service; with only one port, leave it out.',
  },
  CM0104: {
    name: 'GatewayNotFound',
    severity: error,
    istio: 'IST0101',
    meaning: 'A VirtualService is for a Gateway that does not exist.',
    fix: 'Create the Gateway, or correct the name; one of another namespace is NAMESPACE/NAME.',
  },
  CM0105: {
    name: 'SecretNotFound',
    severity: error,
    istio: 'IST0101',
    meaning:
      'The credentialName of a Gateway or DestinationRule names a Secret that does not exist.',
    fix: 'Create the Secret in the namespace of the object, or correct the name.',
  },
  CM0106: {
    name: 'InvalidGatewayCredential',
    severity: error,
    istio: 'IST0161',
    meaning: 'A Secret that is used as credential has no certificate or no key.',
    fix: 'Create it with kubectl create secret tls: it needs tls.crt and tls.key, and ca.crt for MUTUAL.',
  },
  CM0107: {
    name: 'DelegateNotFound',
    severity: error,
    meaning: 'A route delegates to a VirtualService that does not exist.',
    fix: 'Create it, or correct name and namespace.',
  },
  CM0108: {
    name: 'DelegateHasHosts',
    severity: error,
    meaning:
      'A route delegates to a VirtualService with hosts, which is no delegate and is not taken.',
    fix: 'Remove the hosts of the other VirtualService, or do not delegate to it.',
  },
  CM0109: {
    name: 'UnknownDestinationRuleHost',
    severity: warning,
    istio: 'IST0174',
    meaning: 'A DestinationRule is for a host that is no service of the mesh, so it does nothing.',
    fix: 'Correct the host, or start the service.',
  },
  CM0110: {
    name: 'NamespaceNotFound',
    severity: warning,
    istio: 'IST0101',
    meaning: 'A namespace is named in which there is neither an object nor a service.',
    fix: 'Correct the name of the namespace.',
  },
  CM0111: {
    name: 'UnknownVirtualServiceHost',
    severity: warning,
    meaning:
      'A VirtualService for the sidecars is for a host that is no service of the mesh: no call is made to it, so its rules do nothing.',
    fix: 'Correct the host, start the service, or declare it in a ServiceEntry.',
  },
  CM0112: {
    name: 'VirtualServiceHostNotFoundInGateway',
    severity: warning,
    istio: 'IST0132',
    meaning: 'No server of the Gateway takes any of the hosts of the VirtualService.',
    fix: 'Add the host to a server of the Gateway, or correct the hosts of the VirtualService.',
  },
  CM0113: {
    name: 'DelegateNotUsed',
    severity: warning,
    meaning:
      'A VirtualService without hosts lends its rules to others, and no other one takes them.',
    fix: 'Write its hosts, or delegate to it from another VirtualService.',
  },
  // Objects that contradict each other.
  CM0201: {
    name: 'ConflictingMeshGatewayVirtualServiceHosts',
    severity: error,
    istio: 'IST0109',
    meaning:
      'Two VirtualServices for the sidecars have rules for the same host. Only the older one counts, whole: rules are not merged.',
    fix: 'Write all rules for the host into one VirtualService.',
  },
  CM0202: {
    name: 'ConflictingDestinationRules',
    severity: warning,
    meaning:
      'Two DestinationRules of a namespace are for the same host. Only the older one counts, whole: policies and subsets are not merged.',
    fix: 'Write policy and subsets of the host into one DestinationRule.',
  },
  CM0203: {
    name: 'ConflictingGateways',
    severity: error,
    istio: 'IST0145',
    meaning: 'Two Gateways of the same proxies take the same host on the same port.',
    fix: 'Give the host to one Gateway, or use another port.',
  },
  CM0204: {
    name: 'GatewayPortProtocolConflict',
    severity: error,
    meaning: 'Servers for the same port of the same proxies have different protocols.',
    fix: 'Give each port one protocol.',
  },
  CM0205: {
    name: 'ServiceEntryHostTaken',
    severity: warning,
    meaning:
      'A host of a ServiceEntry is already a service, of the registry or of an older ServiceEntry. The entry is ignored for it.',
    fix: 'Choose another host name, or remove one of the two.',
  },
  CM0206: {
    name: 'MultipleSidecarsWithoutWorkloadSelectors',
    severity: error,
    istio: 'IST0111',
    meaning: 'Several Sidecars of a namespace are for all of its workloads.',
    fix: 'Keep one, or give the others a workloadSelector.',
  },
  CM0207: {
    name: 'ConflictingSidecarWorkloadSelectors',
    severity: error,
    istio: 'IST0110',
    meaning: 'Several Sidecars select the same workload.',
    fix: 'Change the selectors so that each workload has one Sidecar.',
  },
  CM0208: {
    name: 'MultipleTelemetriesWithoutWorkloadSelectors',
    severity: error,
    istio: 'IST0160',
    meaning: 'Several Telemetries of a namespace are for all of its workloads.',
    fix: 'Keep one, or give the others a selector.',
  },
  CM0209: {
    name: 'ConflictingTelemetryWorkloadSelectors',
    severity: error,
    istio: 'IST0159',
    meaning: 'Several Telemetries select the same workload.',
    fix: 'Change the selectors so that each workload has one Telemetry.',
  },
  CM0210: {
    name: 'ConflictingPeerAuthentications',
    severity: warning,
    meaning:
      'Several PeerAuthentications hold for the same workloads of a namespace. Only the oldest one counts.',
    fix: 'Keep one, or give them selectors that differ.',
  },
  // Rules of a VirtualService that are never taken.
  CM0301: {
    name: 'VirtualServiceUnreachableRule',
    severity: warning,
    istio: 'IST0130',
    meaning: 'A rule is never taken: whatever it matches is matched by a rule before it.',
    fix: 'Move the rule before the one that hides it, or remove it.',
  },
  CM0302: {
    name: 'VirtualServiceIneffectiveMatch',
    severity: info,
    istio: 'IST0131',
    meaning: 'A match adds nothing to its rule: whatever it matches is matched before it.',
    fix: 'Remove the match, or move its rule up.',
  },
  CM0303: {
    name: 'MatchPortNotFound',
    severity: warning,
    meaning: 'A match is for a port that no host of the VirtualService has, so it never holds.',
    fix: 'Name a port of the service.',
  },
  CM0304: {
    name: 'WeightZero',
    severity: info,
    meaning: 'A destination with weight 0 beside others gets nothing.',
    fix: 'Remove the destination, or give it a share.',
  },
  CM0305: {
    name: 'IngressRouteRulesNotAffected',
    severity: warning,
    istio: 'IST0140',
    meaning:
      'A VirtualService of a Gateway sends requests to a host whose subsets are chosen by a VirtualService for the sidecars only: calls from the Gateway are not subject to it.',
    fix: 'Name the subset at the Gateway too, or add the Gateway to the other VirtualService.',
  },
  CM0306: {
    name: 'JwtClaimBasedRoutingWithoutRequestAuthN',
    severity: error,
    istio: 'IST0149',
    meaning:
      'A match asks for a claim of a token, and no RequestAuthentication verifies tokens: it never holds.',
    fix: 'Apply a RequestAuthentication for the proxies of the Gateway.',
  },
  CM0307: {
    name: 'MatchGatewayNotListed',
    severity: warning,
    meaning: 'A match is for a gateway that the VirtualService is not for, so it never holds.',
    fix: 'Add the gateway to spec.gateways, or correct the match.',
  },
  CM0308: {
    name: 'WeightsNotHundred',
    severity: warning,
    meaning:
      'Weights that look like percentages do not add up to 100. They are shares of their sum, so each destination gets another share than is written.',
    fix: 'Make them add up to 100. Plain ratios, such as 3 and 1, are not meant.',
  },
  // Subsets, ports and protocols.
  CM0401: {
    name: 'DestinationRuleSubsetNotSelectPods',
    severity: info,
    istio: 'IST0173',
    meaning:
      'No instance of the service has the labels of the subset. It is an error when a route sends calls there: callers get 503.',
    fix: 'Correct the labels, or start that version.',
  },
  CM0402: {
    name: 'HttpRulesOnByteStream',
    severity: warning,
    meaning:
      'A VirtualService has rules for HTTP only, and every port of its host is declared as a byte stream, which is passed on without looking at it.',
    fix: 'Correct the protocol of the port, or write tcp rules.',
  },
  CM0403: {
    name: 'TcpRulesOnHttp',
    severity: warning,
    meaning:
      'A VirtualService has tcp rules only, and every port of its host is handled as HTTP, which they do not touch.',
    fix: 'Write http rules, or declare the port as tcp.',
  },
  CM0404: {
    name: 'VirtualServiceDestinationPortSelectorRequired',
    severity: error,
    istio: 'IST0112',
    meaning:
      'A route names no port, its destination has several, and the port of the request is not among them. Callers get 503.',
    fix: 'Write destination.port.number.',
  },
  CM0405: {
    name: 'GatewayProtocolMismatch',
    severity: warning,
    meaning:
      'The rules of a VirtualService are for another protocol than all servers of its Gateway take.',
    fix: 'Write rules of the list that fits: http for HTTP and for TLS that ends at the Gateway, tls for PASSTHROUGH, tcp for byte streams.',
  },
  CM0406: {
    name: 'GatewayPortProtocolUnusual',
    severity: warning,
    meaning: 'A Gateway speaks plain HTTP on port 443, or TLS on port 80.',
    fix: 'Correct the port or the protocol.',
  },
  CM0407: {
    name: 'ServiceEntryAddressesRequired',
    severity: warning,
    istio: 'IST0134',
    meaning:
      'A ServiceEntry has a byte stream port for a host with a wildcard and no addresses: such connections cannot be told apart.',
    fix: 'Write addresses, or name each host.',
  },
  CM0408: {
    name: 'PortNameProtocolMismatch',
    severity: info,
    meaning: 'The name of a port says another protocol than its protocol field, which counts.',
    fix: 'Let the name begin with the protocol.',
  },
  CM0409: {
    name: 'PortNameIsNotUnderNamingConvention',
    severity: info,
    istio: 'IST0118',
    meaning:
      'Neither the protocol field of a port nor its name says the protocol, so the proxy looks at the first bytes of each connection.',
    fix: 'Write the protocol, or a name such as http-web.',
  },
  CM0410: {
    name: 'PortSettingNotUsed',
    severity: warning,
    meaning: 'A setting is for a port that the host or the workloads do not have.',
    fix: 'Correct the port: DestinationRules name ports of services, PeerAuthentications those of workloads.',
  },
  ...policyCodes,
} as const satisfies Readonly<Record<string, CodeInfo>>;

export type Code = keyof typeof codes;

export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}

/** What a code means. */
export function infoOf(code: Code): CodeInfo {
  return codes[code];
}
