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
  if (node.locality === undefined) return { text: node.id, id, metadata };
  const { region, zone, subZone } = node.locality;
  return { text: node.id, id, metadata, locality: { region, zone, subZone } };
}
