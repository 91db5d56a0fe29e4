import { type Protocol, parseProtocol } from '../../../registrator/contract/service-record.ts';
import type { ServiceEntry } from '../../api/resource.ts';
import { type Finding, defineAnalyzer, nameOf } from '../analyzer.ts';
import type { Facts } from '../facts.ts';

/** What ServiceEntries declare. */
export const serviceEntries = defineAnalyzer({
  name: 'serviceentry.hosts-and-ports',
  description: 'Checks hosts, addresses and protocols of ServiceEntries',
  codes: ['CM0205', 'CM0407', 'CM0408', 'CM0409'],
  kinds: ['ServiceEntry'],
  analyze: function* (resource, facts) {
    yield* checkHosts(resource, facts);
    yield* checkPorts(resource);
  },
});

function* checkHosts(resource: ServiceEntry, facts: Facts): Iterable<Finding> {
  for (const [index, host] of resource.spec.hosts.entries()) {
    const [oldest] = facts.entriesOf(host);
    const owner = facts.isRegistered(host)
      ? 'the registry'
      : oldest === undefined || oldest.key === resource.key
        ? undefined
        : `${nameOf(oldest)}, which is older`;
    if (owner === undefined) continue;
    const message = `host "${host}" is already a service, of ${owner}; this entry is ignored for it. Choose another host name, or remove one of the two`;
    yield { code: 'CM0205', path: `spec.hosts[${index}]`, message };
  }
}

const families: Readonly<Record<string, string>> = {
  http2: 'http',
  grpc: 'http',
  'grpc-web': 'http',
  https: 'tls',
};

function familyOf(protocol: string): string {
  return families[protocol] ?? protocol;
}

function* checkPorts({ spec }: ServiceEntry): Iterable<Finding> {
  const hasAddresses = (spec.addresses ?? []).length > 0;
  const wildcard = hasAddresses ? undefined : spec.hosts.find((host) => host.startsWith('*'));
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const path = `spec.ports[${index}]`;
    yield* checkName(`${path}.name`, port);
    if (wildcard !== undefined) yield* checkAddresses(path, port, wildcard);
  }
}

type Port = NonNullable<ServiceEntry['spec']['ports']>[number];

function declaredBy({ protocol = '' }: Port): Protocol | undefined {
  return protocol === '' ? undefined : parseProtocol(protocol);
}

/** Istio: the name of a port is its protocol, or begins with it and a hyphen. */
function namedBy({ name }: Port): Protocol | undefined {
  return parseProtocol(name) ?? parseProtocol(name.split('-')[0] ?? '');
}

function* checkName(path: string, port: Port): Iterable<Finding> {
  const { name, number, protocol = '' } = port;
  const named = namedBy(port);
  const counts = declaredBy(port) ?? named;
  if (counts === undefined) {
    const message = `neither protocol nor name "${name}" says what port ${number} speaks, so the proxy looks at the first bytes. Write protocol, or a name such as http-${name}`;
    yield { code: 'CM0409', path, message };
  } else if (named !== undefined && familyOf(named) !== familyOf(counts)) {
    const message = `the name says ${named}, the protocol says ${protocol}, and that counts. Name it ${counts}-${number}`;
    yield { code: 'CM0408', path, message };
  }
}

/** HTTP and TLS carry the name of the host that is called, byte streams do not. */
function* checkAddresses(path: string, port: Port, wildcard: string): Iterable<Finding> {
  const protocol = declaredBy(port) ?? namedBy(port);
  if (protocol === undefined || ['http', 'tls'].includes(familyOf(protocol))) return;
  const message = `connections to ${wildcard} on port ${port.number} carry no host name, and without addresses they cannot be told apart from others. Write addresses, or name each host`;
  yield { code: 'CM0407', path, message };
}
