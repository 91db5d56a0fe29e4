import type { ProxySync } from '../pilot/debug/sync-status.ts';
import type { Instance } from '../pilot/model/mesh.ts';
import type { DescribedMembership, DescribedWorkload } from './description.ts';
import { describeVirtualService, rulesFor, subsetsOf } from './describe-service.ts';
import {
  type MeshFacts,
  domain,
  findSelecting,
  nameOfRule,
  originOfProtocol,
} from './mesh-facts.ts';
import { workloadOf } from './proxy-name.ts';
import { resolveHostname } from '../pilot/model/hostname.ts';

/** What the workload beside a proxy is in its mesh. */
export function describeWorkload(proxy: ProxySync, facts: MeshFacts): DescribedWorkload {
  const { namespace, address, client, agentVersion, connectedAt, synced, types } = proxy;
  const found = instancesOf(proxy, facts);
  const labels = { ...found.labels, ...proxy.labels };
  const services = found.instances.flatMap((instance) =>
    describeMembership(proxy, instance, facts),
  );
  const selectedBy = findSelecting(labels, namespace, facts);
  const names = new Set([
    ...selectedBy.map(({ resource }) => resource),
    ...services.flatMap(({ rules }) => rules.map(({ resource }) => resource)),
  ]);
  return {
    name: workloadOf(proxy.proxy),
    namespace,
    address,
    labels,
    proxy: {
      ...(client === undefined ? {} : { program: `${client.name} ${client.version ?? ''}`.trim() }),
      ...(agentVersion === undefined ? {} : { agent: agentVersion }),
      connectedAt,
      synced,
      refuses: Object.values(types).flatMap(({ nack }) => (nack === undefined ? [] : [nack.text])),
    },
    services,
    selectedBy,
    problems: facts.problems.filter(({ resource }) => names.has(resource)),
  };
}

interface Found {
  readonly labels: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
}

/** On a laptop without addresses of their own, an address has the instances of several workloads. */
function instancesOf({ address, labels, proxy }: ProxySync, facts: MeshFacts): Found {
  const workload = facts.workloads.find((candidate) => candidate.address === address);
  if (workload === undefined) return { labels: {}, instances: [] };
  const shared = facts.proxies.filter((other) => other.address === address).length > 1;
  if (!shared) return workload;
  const own = facts.local?.workloads.find(({ name }) => name === workloadOf(proxy));
  const hostname = `${own?.service ?? labels['app'] ?? ''}.${domain}`;
  return {
    labels,
    instances: workload.instances.filter(
      (instance) =>
        instance.hostname === hostname && (own === undefined || instance.port === own.port),
    ),
  };
}

function describeMembership(
  { address, labels }: ProxySync,
  { hostname, servicePort, port }: Instance,
  facts: MeshFacts,
): readonly DescribedMembership[] {
  const service = facts.services.find((candidate) => candidate.hostname === hostname);
  if (service === undefined) return [];
  const { destinationRules, virtualServices } = rulesFor(hostname, facts);
  const endpoint = (facts.endpoints[hostname] ?? []).find(
    (candidate) => candidate.address === address && candidate.port === port,
  );
  const subsets = subsetsOf(destinationRules[0], endpoint?.labels ?? labels);
  const { protocol } = servicePort;
  const leadsHere = ({
    host,
    subset,
  }: {
    readonly host: string;
    readonly subset?: string;
  }): boolean =>
    resolveHostname(host, domain, (candidate) => candidate === hostname) === hostname &&
    (subset === undefined || subsets.includes(subset));
  return [
    {
      hostname,
      servicePort: servicePort.number,
      port,
      ...(protocol === undefined ? {} : { protocol }),
      from: originOfProtocol(service, servicePort, facts),
      up: endpoint !== undefined,
      subsets,
      rules: virtualServices.flatMap((rule) =>
        describeVirtualService(rule).flatMap(({ path, shares }) =>
          shares.filter(leadsHere).map((share) => ({ resource: nameOfRule(rule), path, share })),
        ),
      ),
    },
  ];
}
