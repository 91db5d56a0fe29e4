/**
 * What a service looks like in Consul: the registrator writes it, pilot reads it. Everything pilot knows of
 * a workload beyond its address stands in the tags and the Meta of its service instance.
 */

/** Meta keys that composemesh gives a meaning. Every other key is the user's own. */
export const metaKeys = {
  /** Protocol of the port, one of `protocols`. Absent: the proxy finds out by looking at the bytes. */
  protocol: 'protocol',
  version: 'version',
  /** Which registrator owns the record: see `ownerName`. */
  owner: 'composemesh-owner',
  containerId: 'composemesh-container',
  composeProject: 'compose-project',
  composeService: 'compose-service',
  /** Which replica of its Compose service it is, from 1. */
  composeNumber: 'compose-number',
} as const;

/** Protocols that can be declared, as in Istio's port naming. */
export const protocols = [
  'http',
  'http2',
  'grpc',
  'grpc-web',
  'https',
  'tls',
  'tcp',
  'udp',
  'redis',
  'mysql',
  'mongo',
] as const;

export type Protocol = (typeof protocols)[number];

const aliases: Readonly<Record<string, Protocol>> = {
  h2c: 'http2',
  mongodb: 'mongo',
  thrift: 'tcp',
  http_proxy: 'http',
};

/** The protocol that `value` names, in any case and by its aliases; undefined when it names none. */
export function parseProtocol(value: string): Protocol | undefined {
  const name = value.trim().toLowerCase();
  return (
    protocols.find((protocol) => protocol === name) ??
    (Object.hasOwn(aliases, name) ? aliases[name] : undefined)
  );
}

/**
 * Labels from Consul tags of the form `key|value`, as Istio's Consul registry read them: the first piece is
 * the key, the second the value, the rest is dropped; a tag without `|` is no label.
 */
export function labelsFromTags(tags: readonly string[]): Readonly<Record<string, string>> {
  const pairs = tags.flatMap((tag) => {
    const [key, value] = tag.split('|');
    return key === undefined || key === '' || value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(pairs);
}

/** Host name of a Consul service in the mesh. */
export function serviceHostname(service: string): string {
  return `${service}.service.consul`;
}

/**
 * The name under which a registrator owns records: the id of its Docker Engine, and the network it is limited
 * to. So several registrators on one Engine leave each other's records alone, even on one Consul agent.
 */
export function ownerName(engineId: string, network?: string): string {
  return network === undefined ? engineId : `${engineId}/${network}`;
}
