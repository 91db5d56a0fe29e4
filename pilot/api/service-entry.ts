import type { FieldError } from './field-error.ts';
import { isSocket } from './bind-rules.ts';
import { duplicate, forbidden, invalid, required, unsupported } from './field-error.ts';
import {
  checkExportTo,
  checkOneOf,
  checkPort,
  checkSelector,
  checkSubnets,
  endsInNumber,
  isDomainName,
  isIpAddress,
  isWildcardDomain,
} from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { carriesHostName, checkProtocol, namedProtocols } from './port-protocol.ts';
import type { ObjectMeta } from './resource.ts';
import type { ServiceEntrySpec } from './service-entry-schema.ts';
import { serviceEntrySchema } from './service-entry-schema.ts';
import { checkPortName, checkWorkload } from './workload-entry-rules.ts';

export const serviceEntry = defineKind({
  ...istioNetworking,
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  singular: 'serviceentry',
  shortNames: ['se'],
  description: 'A service that no catalogue knows.',
  columns: [
    { name: 'Hosts', type: 'string', description: 'Names of the service.', path: 'spec.hosts' },
    {
      name: 'Location',
      type: 'string',
      description: 'Whether the service is part of the mesh.',
      path: 'spec.location',
    },
    {
      name: 'Resolution',
      type: 'string',
      description: 'How the addresses of its endpoints are found.',
      path: 'spec.resolution',
    },
    ageColumn,
  ],
  schema: serviceEntrySchema,
  validate: checkServiceEntry,
});

function* checkServiceEntry(spec: ServiceEntrySpec, metadata: ObjectMeta): Iterable<FieldError> {
  yield* checkHosts(spec.hosts);
  yield* checkSubnets('spec.addresses', spec.addresses);
  yield* checkPorts(spec);
  yield* checkOneOf('spec', spec, ['workloadSelector', 'endpoints']);
  if (spec.workloadSelector !== undefined) {
    yield* checkSelector('spec.workloadSelector.labels', spec.workloadSelector.labels);
  }
  for (const [index, endpoint] of (spec.endpoints ?? []).entries()) {
    yield* checkEndpoint(`spec.endpoints[${index}]`, endpoint, spec);
  }
  yield* checkResolution(spec);
  yield* checkExportTo('spec.exportTo', spec.exportTo, metadata, ['.', '*', '~']);
}

function* checkHosts(hosts: readonly string[]): Iterable<FieldError> {
  for (const [index, host] of hosts.entries()) {
    const path = `spec.hosts[${index}]`;
    if (host === '*') yield invalid(path, host, 'must not be * alone; name the service');
    else if (endsInNumber(host)) {
      yield invalid(
        path,
        host,
        'must be a name that ends in no number; write addresses in addresses',
      );
    } else if (!isWildcardDomain(host)) {
      yield invalid(path, host, 'must be a DNS name; only its first label may be *');
    }
    if (hosts.indexOf(host) !== index) yield duplicate(path, host);
  }
}

function* checkPorts(spec: ServiceEntrySpec): Iterable<FieldError> {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const [index, { name, number, protocol = '', targetPort }] of (spec.ports ?? []).entries()) {
    const path = `spec.ports[${index}]`;
    if (names.has(name)) yield duplicate(`${path}.name`, name);
    if (numbers.has(number)) yield duplicate(`${path}.number`, number);
    names.add(name);
    numbers.add(number);
    yield* checkPortName(`${path}.name`, name);
    yield* checkPort(`${path}.number`, number);
    yield* checkPort(`${path}.targetPort`, targetPort);
    yield* checkProtocol(`${path}.protocol`, protocol);
  }
}

function* checkEndpoint(
  path: string,
  endpoint: NonNullable<ServiceEntrySpec['endpoints']>[number],
  spec: ServiceEntrySpec,
): Iterable<FieldError> {
  yield* checkWorkload(path, endpoint);
  const known = (spec.ports ?? []).map(({ name }) => name);
  for (const name of Object.keys(endpoint.ports ?? {})) {
    if (!known.includes(name)) {
      yield invalid(`${path}.ports`, name, `must be one of the ports: ${known.join(', ')}`);
    }
  }
  yield* checkEndpointAddress(`${path}.address`, endpoint.address ?? '', spec);
}

function* checkEndpointAddress(
  path: string,
  address: string,
  { resolution = 'NONE', ports = [] }: ServiceEntrySpec,
): Iterable<FieldError> {
  const isUnix = isSocket(address);
  if (resolution === 'STATIC' && address !== '' && !isUnix && !isIpAddress(address)) {
    yield invalid(path, address, 'must be an IP address with resolution STATIC');
  }
  if (resolution.startsWith('DNS') && isUnix) {
    yield invalid(path, address, `is not resolved by ${resolution}; use resolution STATIC`);
  }
  if (resolution === 'STATIC' && isUnix && ports.length !== 1) {
    const detail = `is one socket and stands for one port, but there are ${ports.length} ports`;
    yield invalid(path, address, `${detail}; write one entry for each`);
  }
}

/** What each way of finding endpoints demands. */
function* checkResolution(spec: ServiceEntrySpec): Iterable<FieldError> {
  const { resolution = 'NONE', endpoints = [], hosts } = spec;
  switch (resolution) {
    case 'NONE':
      if (endpoints.length > 0) {
        yield forbidden('spec.endpoints', 'resolution NONE takes none; use STATIC or DNS');
      }
      break;
    case 'STATIC':
      break;
    case 'DYNAMIC_DNS':
      yield* checkDynamicResolution(spec);
      break;
    case 'DNS':
    case 'DNS_ROUND_ROBIN':
      yield* checkDnsResolution(resolution, hosts, endpoints.length);
      yield* checkSingleAddresses(spec.addresses);
  }
  if (resolution !== 'NONE' && hosts.length > 1) yield* checkManyHosts(spec);
}

function* checkSingleAddresses(addresses: readonly string[] = []): Iterable<FieldError> {
  const cidr = addresses.find((address) => address.includes('/'));
  if (cidr !== undefined) {
    yield invalid('spec.addresses', cidr, 'CIDRs are only allowed with resolution NONE or STATIC');
  }
}

function* checkDnsResolution(
  resolution: string,
  hosts: readonly string[],
  endpoints: number,
): Iterable<FieldError> {
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints > 1) {
    yield forbidden('spec.endpoints', 'resolution DNS_ROUND_ROBIN takes one at most; use DNS');
  }
  if (endpoints === 0 && !hosts.every(isDomainName)) {
    yield required('spec.endpoints', `hosts with * cannot be resolved by ${resolution}`);
  }
}

/** The proxy resolves whatever name below the wildcard a call has: the call must carry it. */
function* checkDynamicResolution(spec: ServiceEntrySpec): Iterable<FieldError> {
  for (const [index, host] of spec.hosts.entries()) {
    if (!host.startsWith('*')) {
      const detail = 'must have a wildcard with resolution DYNAMIC_DNS; use DNS for one name';
      yield invalid(`spec.hosts[${index}]`, host, detail);
    }
  }
  for (const name of ['addresses', 'endpoints'] as const) {
    if ((spec[name] ?? []).length > 0) {
      yield forbidden(`spec.${name}`, 'resolution DYNAMIC_DNS takes none; remove them');
    }
  }
  for (const [index, { protocol = '' }] of (spec.ports ?? []).entries()) {
    if (!dynamicProtocols.includes(protocol.toUpperCase())) {
      yield unsupported(`spec.ports[${index}].protocol`, protocol, dynamicProtocols);
    }
  }
}

const dynamicProtocols = ['HTTP', 'HTTP2', 'GRPC', 'TLS'];

/** Plain TCP carries no host name, so several hosts on one port could not be told apart. */
function* checkManyHosts(spec: ServiceEntrySpec): Iterable<FieldError> {
  for (const [index, { protocol = '' }] of (spec.ports ?? []).entries()) {
    if (!carriesHostName(protocol)) {
      yield invalid(
        `spec.ports[${index}].protocol`,
        protocol,
        `several hosts need one of ${namedProtocols.join(', ')}`,
      );
    }
  }
}
