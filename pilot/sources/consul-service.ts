import type { Problem } from '../../kit/problem.ts';
import {
  type Protocol,
  labelsFromTags,
  metaKeys,
  parseProtocol,
  serviceHostname,
} from '../../registrator/contract/service-record.ts';
import { normalizeHostname } from '../model/hostname.ts';
import type { Endpoint, RegisteredService, ServicePort } from '../model/service.ts';

/** The fields of an entry of /v1/health/service/:service that the mesh reads. */
export interface ConsulEntry {
  readonly Node: { readonly Address: string; readonly Datacenter?: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[] | null;
    readonly Meta: Readonly<Record<string, string>> | null;
    readonly Weights?: { readonly Passing?: number };
  };
  /** Of the service and of its node. */
  readonly Checks: readonly { readonly Status: string }[];
}

export interface ConvertedService {
  readonly service: RegisteredService;
  readonly problems: readonly Problem[];
}

/** Config namespace of everything that comes from Consul, as in Istio. */
const namespace = 'default';

/**
 * A service of the mesh from the instances that Consul lists under `name`. One that does not pass its checks is
 * down, and keeps its say in the ports: a service that lost its last healthy instance is still a service.
 */
export function convertService(name: string, entries: readonly ConsulEntry[]): ConvertedService {
  const reachable = entries
    .filter(({ Service }) => Service.Port > 0)
    .sort((left, right) => (left.Service.ID < right.Service.ID ? -1 : 1));
  const problems: Problem[] = [];
  const ports = [...new Set(reachable.map(({ Service }) => Service.Port))]
    .sort((left, right) => left - right)
    .map((number) => {
      const declared = protocolsOf(reachable, number);
      if (declared.length > 1) problems.push(conflict(name, number, declared));
      return toPort(number, declared.length === 1 ? declared[0] : undefined);
    });
  return {
    service: {
      hostname: normalizeHostname(serviceHostname(name)),
      namespace,
      ports,
      resolution: 'static',
      endpoints: reachable.map((entry) => toEndpoint(name, entry)).sort(byAddress),
    },
    problems,
  };
}

/** The protocols that instances declare for a port. Those that declare none have no say. */
function protocolsOf(entries: readonly ConsulEntry[], port: number): readonly Protocol[] {
  const declared = entries
    .filter(({ Service }) => Service.Port === port)
    .flatMap(({ Service }) => parseProtocol(Service.Meta?.[metaKeys.protocol] ?? '') ?? []);
  return [...new Set(declared)].sort();
}

/** Without agreement the proxies look at the bytes: no instance is treated as what it is not. */
function conflict(name: string, port: number, declared: readonly Protocol[]): Problem {
  return {
    code: 'W_PROTOCOL_CONFLICT',
    severity: 'warning',
    resource: `Consul service ${name}`,
    path: `port ${port}`,
    message: `instances declare different protocols (${declared.join(', ')}); the protocol is detected for each connection. Give all instances the same SERVICE_PROTOCOL`,
  };
}

function toPort(number: number, protocol: Protocol | undefined): ServicePort {
  return {
    number,
    name: `${protocol ?? 'port'}-${number}`,
    ...(protocol === undefined ? {} : { protocol }),
  };
}

function toEndpoint(name: string, { Node, Service, Checks }: ConsulEntry): Endpoint {
  const weight = Service.Weights?.Passing;
  return {
    address: Service.Address === '' ? Node.Address : Service.Address,
    port: Service.Port,
    servicePort: Service.Port,
    labels: labelsOf(name, Service),
    ...(weight === undefined || weight === 1 ? {} : { weight }),
    ...(Node.Datacenter === undefined ? {} : { locality: Node.Datacenter }),
    ...(Checks.every(({ Status }) => Status === 'passing') ? {} : { down: true }),
  };
}

/** Labels of an instance: `app`, which rules expect to find, then the tags, then the version from Meta. */
function labelsOf(
  name: string,
  { Tags, Meta }: ConsulEntry['Service'],
): Readonly<Record<string, string>> {
  const version = Meta?.[metaKeys.version];
  return {
    app: name,
    ...labelsFromTags(Tags ?? []),
    ...(version === undefined ? {} : { version }),
  };
}

function byAddress(left: Endpoint, right: Endpoint): number {
  if (left.address !== right.address) return left.address < right.address ? -1 : 1;
  return left.port - right.port;
}
