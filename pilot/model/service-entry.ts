import { type Protocol, parseProtocol } from '../../registrator/contract/service-record.ts';
import type { ServiceEntry } from '../api/resource.ts';
import { normalizeHostname } from './hostname.ts';
import type { Endpoint, RegisteredService, Resolution, ServicePort } from './service.ts';

type Spec = ServiceEntry['spec'];

/** The services that a ServiceEntry declares, one for each of its hosts. */
export function registerServiceEntry(resource: ServiceEntry): readonly RegisteredService[] {
  const { spec } = resource;
  const { namespace } = resource.key;
  const ports = (spec.ports ?? [])
    .map(toServicePort)
    .sort((left, right) => left.number - right.number);
  const address = spec.addresses?.map(normalizeAddress).find(isVirtualAddress);
  const endpoints = toEndpoints(spec);
  return [...new Set(spec.hosts.map(normalizeHostname))].map((hostname) => ({
    hostname,
    namespace,
    ports,
    resolution: resolutionOf(spec),
    ...(address === undefined ? {} : { address }),
    endpoints: endpoints ?? hostEndpoints(hostname, spec),
  }));
}

/** One text for each address: the same IPv6 address may be written in many ways (RFC 5952). */
function normalizeAddress(text: string): string {
  return text.includes(':') && !text.includes('/')
    ? new URL(`http://[${text}]`).hostname.slice(1, -1)
    : text;
}

/** A listener on the unspecified address would take the connections to every other service of its ports. */
function isVirtualAddress(address: string): boolean {
  return !address.includes('/') && address !== '0.0.0.0' && address !== '::';
}

type Port = NonNullable<Spec['ports']>[number];

function toServicePort(port: Port): ServicePort {
  const protocol = protocolOf(port);
  return { number: port.number, name: port.name, ...(protocol === undefined ? {} : { protocol }) };
}

/** The declared protocol, else the one that the port's name begins with (Istio: name[-suffix]). */
function protocolOf(port: Port): Protocol | undefined {
  if (port.protocol !== undefined && port.protocol !== '') return parseProtocol(port.protocol);
  return parseProtocol(port.name) ?? parseProtocol(port.name.split('-')[0] ?? '');
}

function resolutionOf({ resolution }: Spec): Resolution {
  return resolutions[resolution ?? 'NONE'];
}

const resolutions: Readonly<Record<NonNullable<Spec['resolution']>, Resolution>> = {
  STATIC: 'static',
  DNS: 'dns',
  DNS_ROUND_ROBIN: 'dns-round-robin',
  NONE: 'none',
  DYNAMIC_DNS: 'none',
};

/** The declared endpoints for every port; undefined when none are declared. */
function toEndpoints(spec: Spec): readonly Endpoint[] | undefined {
  if (spec.endpoints === undefined || spec.endpoints.length === 0) return undefined;
  return spec.endpoints
    .flatMap((endpoint) =>
      (spec.ports ?? []).map((port) => ({
        address: endpoint.address ?? '',
        port: endpoint.ports?.[port.name] ?? port.targetPort ?? port.number,
        servicePort: port.number,
        labels: endpoint.labels ?? {},
        ...(endpoint.weight === undefined || endpoint.weight === 0
          ? {}
          : { weight: endpoint.weight }),
        ...localityOf(endpoint),
      })),
    )
    .sort(byAddress);
}

/** Its parts beyond the third mean nothing, nor do empty ones at the end: `/` is no locality (Istio's Locality). */
function localityOf({ locality = '' }: { readonly locality?: string }): Pick<Endpoint, 'locality'> {
  const named = locality.split('/').slice(0, 3).join('/').replace(/\/+$/, '');
  return named === '' ? {} : { locality: named };
}

function byAddress(left: Endpoint, right: Endpoint): number {
  if (left.address !== right.address) return left.address < right.address ? -1 : 1;
  return left.port - right.port || left.servicePort - right.servicePort;
}

/** Without endpoints a DNS service is reached under its own host name. */
function hostEndpoints(hostname: string, spec: Spec): readonly Endpoint[] {
  if (!resolutionOf(spec).startsWith('dns')) return [];
  return (spec.ports ?? []).map((port) => ({
    address: hostname,
    port: port.targetPort ?? port.number,
    servicePort: port.number,
    labels: {},
  }));
}
