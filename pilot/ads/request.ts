/**
 * Parses discovery requests of both transports. Written by hand because an Envoy sends its node, some kilobytes, with
 * every acknowledgement, and because state-of-the-world clients repeat every name: what is not needed is skipped.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { XdsType } from '../xds/resource.ts';
import { xdsTypes } from '../xds/resource.ts';
import type { NamesInRequest } from './subscription.ts';

export type Transport = 'delta' | 'sotw';

export interface DiscoveryRequest {
  readonly typeUrl: string;
  /** Empty when the request acknowledges nothing. */
  readonly nonce: string;
  /** Why the client rejects the response `nonce`. */
  readonly error?: string;
  readonly names: NamesInRequest;
  /** Delta, first request: what the client has from an earlier stream, name → version. */
  readonly versions: ReadonlyMap<string, string>;
  /** The encoded envoy.config.core.v3.Node. */
  readonly node?: Uint8Array;
}

type FieldReader = (reader: BinaryReader) => unknown;

/** The field numbers of a request message (envoy/service/discovery/v3/discovery.proto). */
interface FieldNumbers {
  readonly node: number;
  readonly typeUrl: number;
  readonly nonce: number;
  readonly error: number;
  readonly names: number;
  readonly unsubscribe?: number;
  readonly versions?: number;
}

const fieldNumbers: Readonly<Record<Transport, FieldNumbers>> = {
  delta: { node: 1, typeUrl: 2, names: 3, unsubscribe: 4, versions: 5, nonce: 6, error: 7 },
  sotw: { node: 2, names: 3, typeUrl: 4, nonce: 5, error: 6 },
};

const typesByUrl = new Map(
  Object.entries(xdsTypes).map(([type, url]) => [url as string, type as XdsType]),
);

/** The type that a type URL names; undefined for one that pilot does not serve. */
export function parseTypeUrl(url: string): XdsType | undefined {
  return typesByUrl.get(url);
}

/** Parses a DiscoveryRequest or DeltaDiscoveryRequest. Throws when the bytes are not one. */
export function parseRequest(transport: Transport, bytes: Uint8Array): DiscoveryRequest {
  const fields = fieldNumbers[transport];
  const found = { typeUrl: '', nonce: '' };
  const parsed: { error?: string; node?: Uint8Array } = {};
  const names: string[] = [];
  const unsubscribe: string[] = [];
  const versions = new Map<string, string>();
  const readers = new Map<number | undefined, FieldReader>([
    [fields.typeUrl, (reader) => (found.typeUrl = reader.string())],
    [fields.nonce, (reader) => (found.nonce = reader.string())],
    [fields.names, (reader) => names.push(reader.string())],
    [fields.unsubscribe, (reader) => unsubscribe.push(reader.string())],
    [fields.versions, (reader) => versions.set(...parseEntry(reader.bytes()))],
    [fields.node, (reader) => (parsed.node = reader.bytes())],
    [fields.error, (reader) => (parsed.error = parseStatus(reader.bytes()))],
  ]);
  readFields(bytes, readers);
  return {
    ...found,
    ...parsed,
    versions,
    names:
      transport === 'sotw'
        ? { kind: 'list', names }
        : { kind: 'change', subscribe: names, unsubscribe },
  };
}

function readFields(
  bytes: Uint8Array,
  readers: ReadonlyMap<number | undefined, FieldReader>,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const read = readers.get(number);
    if (read === undefined) reader.skip(wireType);
    else read(reader);
  }
}

function parseEntry(bytes: Uint8Array): [name: string, version: string] {
  const entry: [string, string] = ['', ''];
  readFields(
    bytes,
    new Map<number, FieldReader>([
      [1, (reader) => (entry[0] = reader.string())],
      [2, (reader) => (entry[1] = reader.string())],
    ]),
  );
  return entry;
}

/** The message of a google.rpc.Status, or its code when it has none. */
function parseStatus(bytes: Uint8Array): string {
  const status = { code: 0, message: '' };
  readFields(
    bytes,
    new Map<number, FieldReader>([
      [1, (reader) => (status.code = reader.int32())],
      [2, (reader) => (status.message = reader.string())],
    ]),
  );
  return status.message === '' ? `status code ${status.code}` : status.message;
}
