import type { Node } from '../proto/generated/envoy/config/core/v3/base_pb.js';
import { NodeSchema } from '../proto/messages.ts';
import { decode } from '../proto/reader.ts';
import type { NodeId, NodeMetadata } from '../../sidecar/contract/node.ts';
import { parseNodeId, parseNodeMetadata } from '../../sidecar/contract/node.ts';

/** Who is at the other end of a stream, as it says itself. */
export interface NodeIdentity {
  /** The node id as sent, TYPE~IP~ID~DOMAIN. */
  readonly text: string;
  readonly id: NodeId;
  readonly metadata: NodeMetadata;
  readonly locality?: Locality;
  /** The program that asks, such as envoy 1.40.0. */
  readonly client?: Client;
}

export interface Client {
  readonly name: string;
  readonly version?: string;
}

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

/** What pilot answers to a node whose id it cannot parse. */
export function explainNodeId(text: string): string {
  return `node id "${text}" is not TYPE~IP~ID~DOMAIN, such as sidecar~172.18.0.5~reviews-v1.default~service.consul`;
}

/** Reads an encoded envoy.config.core.v3.Node; the text of its id when pilot cannot serve it. */
export function parseNode(bytes: Uint8Array): NodeIdentity | string {
  const node = decode(NodeSchema, bytes);
  const id = parseNodeId(node.id);
  if (id === undefined) return node.id;
  const metadata = parseNodeMetadata(node.metadata ?? {});
  const client = clientOf(node);
  return {
    text: node.id,
    id,
    metadata,
    ...(node.locality === undefined ? {} : { locality: localityOf(node.locality) }),
    ...(client === undefined ? {} : { client }),
  };
}

function localityOf({ region, zone, subZone }: Locality): Locality {
  return { region, zone, subZone };
}

/** Envoy gives its version as numbers, gRPC clients as a text. */
function clientOf({ userAgentName: name, userAgentVersionType: given }: Node): Client | undefined {
  if (name === '') return undefined;
  if (given.case === 'userAgentVersion') return { name, version: given.value };
  const numbers = given.case === 'userAgentBuildVersion' ? given.value.version : undefined;
  if (numbers === undefined) return { name };
  const { majorNumber, minorNumber, patch } = numbers;
  return { name, version: `${majorNumber}.${minorNumber}.${patch}` };
}
