import { parseAllDocuments } from 'yaml';
import { decodeObject } from '../../pilot/api/decode.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import type { Proxy } from '../../pilot/model/proxy.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { type ConsulEntry, convertService } from '../../pilot/sources/consul-service.ts';

/** One instance of a service in Consul, as short as a test wants to write it. */
export interface InstanceFixture {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly version?: string;
  readonly protocol?: string;
}

export function catalogOf(instances: readonly InstanceFixture[]): readonly RegisteredService[] {
  const names = [...new Set(instances.map(({ service }) => service))].sort();
  return names.map((name) => {
    const entries = instances.filter(({ service }) => service === name).map(toEntry);
    return convertService(name, entries).service;
  });
}

function toEntry({ service, address, port, version, protocol }: InstanceFixture): ConsulEntry {
  return {
    Node: { Address: '127.0.0.1' },
    Service: {
      ID: `test:${service}-${address}:${port}`,
      Address: address,
      Port: port,
      Tags: version === undefined ? [] : [`version|${version}`],
      Meta: protocol === undefined ? {} : { protocol },
    },
    Checks: [],
  };
}

export function proxyAt(address: string, metadata: Partial<NodeMetadata> = {}): Proxy {
  return {
    id: { type: 'sidecar', address, id: `test-${address}.default`, domain: 'service.consul' },
    metadata: { namespace: 'default', labels: {}, ...metadata },
  };
}

/** The resources of a YAML text; a mistake in it fails the test. */
export function resourcesOf(yaml: string): readonly ConfigResource[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const value: unknown = document.toJS();
    if (value === null) return [];
    const decoded = decodeObject(value, 'Strict');
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
    return decoded.resource;
  });
}
