import type { PeerAuthentication } from '../../api/resource.ts';
import type { ClientTls, TrafficPolicy } from '../../api/traffic-policy.ts';
import { matchesLabels } from '../../model/proxy.ts';
import type { Endpoint, RegisteredService } from '../../model/service.ts';
import { type Finding, defineAnalyzer, listSome, nameOf } from '../analyzer.ts';
import { rootNamespace } from '../../api/namespace.ts';
import type { Facts } from '../facts.ts';

/** The TLS of a DestinationRule against that of the workloads it is about. */
export const clientTls = defineAnalyzer({
  name: 'destinationrule.tls',
  description: 'Compares the TLS of DestinationRules with that of PeerAuthentications',
  codes: ['CM0502', 'CM0505', 'CM0506'],
  kinds: ['DestinationRule'],
  analyze: function* ({ spec }, facts) {
    const services = facts.servicesOf(spec.host);
    const policies = [
      { path: 'spec.trafficPolicy', policy: spec.trafficPolicy, labels: {} },
      ...(spec.subsets ?? []).map(({ trafficPolicy, labels = {} }, index) => ({
        path: `spec.subsets[${index}].trafficPolicy`,
        policy: trafficPolicy,
        labels,
      })),
    ];
    for (const { path, policy, labels } of policies) {
      for (const { place, tls, port } of settingsOf(path, policy)) {
        yield* checkAuthorities(place, tls, port);
        yield* checkPeers(`${place}.mode`, tls, membersOf(services, labels, port), facts);
      }
    }
  },
});

interface Setting {
  readonly place: string;
  readonly tls: ClientTls;
  readonly port?: number;
}

function settingsOf(path: string, policy: TrafficPolicy | undefined): readonly Setting[] {
  const ports = (policy?.portLevelSettings ?? []).flatMap(({ tls, port }, index) =>
    tls === undefined || port?.number === undefined
      ? []
      : [{ place: `${path}.portLevelSettings[${index}].tls`, tls, port: port.number }],
  );
  return policy?.tls === undefined ? ports : [{ place: `${path}.tls`, tls: policy.tls }, ...ports];
}

/** Without authorities the certificate of the other side is believed, whoever made it. */
function* checkAuthorities(
  path: string,
  { mode, caCertificates = '', credentialName = '' }: ClientTls,
  port: number | undefined,
): Iterable<Finding> {
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return;
  if (caCertificates !== '' || credentialName !== '') return;
  const message = `mode ${mode} without caCertificates: the certificate of the server is not verified. Write caCertificates or credentialName`;
  yield { code: port === undefined ? 'CM0505' : 'CM0506', path, message };
}

interface Member {
  readonly service: RegisteredService;
  readonly endpoint: Endpoint;
}

function membersOf(
  services: readonly RegisteredService[],
  labels: Readonly<Record<string, string>>,
  port: number | undefined,
): readonly Member[] {
  return services.flatMap((service) =>
    service.endpoints
      .filter(
        (endpoint) =>
          matchesLabels(labels, endpoint.labels) &&
          (port === undefined || endpoint.servicePort === port),
      )
      .map((endpoint) => ({ service, endpoint })),
  );
}

function* checkPeers(
  path: string,
  { mode = 'DISABLE' }: ClientTls,
  members: readonly Member[],
  facts: Facts,
): Iterable<Finding> {
  for (const { service, endpoint } of members) {
    const demanded = demandOn(service, endpoint, facts);
    if (demanded === undefined) continue;
    const clash = demanded.mode === 'STRICT' ? mode !== 'ISTIO_MUTUAL' : mode === 'ISTIO_MUTUAL';
    if (!clash || demanded.mode === 'PERMISSIVE') continue;
    const message = `${nameOf(demanded.policy)} says ${demanded.mode} for ${service.hostname}, this rule says ${mode}, so calls fail. Let both say the same, or leave tls out here`;
    yield { code: 'CM0502', path, message };
    return;
  }
}

interface Demand {
  readonly policy: PeerAuthentication;
  readonly mode: string;
}

/** Istio: the policy of the workload goes before that of its namespace, and that before the one of the mesh. */
function demandOn(
  { namespace }: RegisteredService,
  { labels, port }: Endpoint,
  facts: Facts,
): Demand | undefined {
  const local = facts.all('PeerAuthentication', namespace);
  const selectorOf = ({ spec }: PeerAuthentication): Readonly<Record<string, string>> =>
    spec.selector?.matchLabels ?? {};
  const isWide = (policy: PeerAuthentication): boolean =>
    Object.keys(selectorOf(policy)).length === 0;
  const candidates = [
    local.find((policy) => !isWide(policy) && matchesLabels(selectorOf(policy), labels)),
    local.find(isWide),
    facts.all('PeerAuthentication', rootNamespace).find(isWide),
  ];
  for (const policy of candidates) {
    const spec = policy?.spec;
    const mode = spec?.portLevelMtls?.[String(port)]?.mode ?? spec?.mtls?.mode;
    if (policy !== undefined && mode !== undefined && mode !== 'UNSET') return { policy, mode };
  }
  return undefined;
}

/** Ports of PeerAuthentications: those of workloads, not of services. */
export const peerPorts = defineAnalyzer({
  name: 'peerauthentication.ports',
  description: 'Finds ports in PeerAuthentications that no selected workload serves',
  codes: ['CM0410'],
  kinds: ['PeerAuthentication'],
  analyze: function* ({ spec, key }, facts): Iterable<Finding> {
    const selected = facts
      .workloads(key.namespace)
      .filter(({ labels }) => matchesLabels(spec.selector?.matchLabels, labels));
    const served = new Set(selected.flatMap(({ ports }) => ports));
    if (!facts.knowsServices || served.size === 0) return;
    for (const port of Object.keys(spec.portLevelMtls ?? {})) {
      if (served.has(Number(port))) continue;
      const message = `no workload that it selects serves port ${port}, only ${listSome([...served])} (ports of workloads, not of services). Name one of these`;
      yield { code: 'CM0410', path: `spec.portLevelMtls[${port}]`, message };
    }
  },
});
