/** Reads of delta responses what a client has to know, and nothing else: for LightProxy. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { parseTypeUrl } from '../../pilot/ads/request.ts';
import type { XdsType } from '../../pilot/xds/resource.ts';

export interface LightResponse {
  readonly type: XdsType;
  readonly nonce: string;
  readonly resources: readonly LightResource[];
  readonly removed: number;
}

export interface LightResource {
  readonly name: string;
  readonly version: string;
  /** Bytes of the Any. */
  readonly body: Uint8Array;
}

/** Compressed flag and length before each gRPC message. */
const prefixLength = 5;

/** Puts the messages of a gRPC stream together again. */
export class FrameSplitter {
  #chunks: Buffer[] = [];
  #held = 0;
  /** Length of the message that has begun, with its prefix; undefined while that is not known. */
  #wanted: number | undefined;

  push(chunk: Buffer, onMessage: (message: Uint8Array) => void): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#wanted === undefined && this.#held >= prefixLength) {
        this.#wanted = prefixLength + this.#join().readUInt32BE(1);
      }
      if (this.#wanted === undefined || this.#held < this.#wanted) return;
      const all = this.#join();
      const message = all.subarray(prefixLength, this.#wanted);
      this.#chunks = [all.subarray(this.#wanted)];
      this.#held = all.length - this.#wanted;
      this.#wanted = undefined;
      onMessage(message);
    }
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

/** Parses a DeltaDiscoveryResponse. Throws when it is of a type that pilot does not serve. */
export function parseResponse(message: Uint8Array): LightResponse {
  const resources: LightResource[] = [];
  let url = '';
  let nonce = '';
  let removed = 0;
  forEachField(message, (field, reader) => {
    if (field === 2) resources.push(parseResource(reader.bytes()));
    else if (field === 4) url = reader.string();
    else if (field === 5) nonce = reader.string();
    else if (field === 6) removed += reader.bytes().length > 0 ? 1 : 0;
    else return false;
    return true;
  });
  const type = parseTypeUrl(url);
  if (type === undefined) throw new Error(`response of type "${url}"`);
  return { type, nonce, resources, removed };
}

function parseResource(bytes: Uint8Array): LightResource {
  let name = '';
  let version = '';
  let body: Uint8Array = new Uint8Array();
  forEachField(bytes, (field, reader) => {
    if (field === 1) version = reader.string();
    else if (field === 2) body = reader.bytes();
    else if (field === 3) name = reader.string();
    else return false;
    return true;
  });
  return { name, version, body };
}

/**
 * What a resource makes the client ask for: an EDS cluster its endpoints, a listener the route tables of its HTTP
 * connection managers. The numbers are those of the fields in Envoy's .proto files.
 */
export function namesToAsk(type: XdsType, resource: LightResource): readonly string[] {
  // Any.value, Cluster.eds_cluster_config
  if (type === 'cluster') return fieldsAt(resource.body, [2, 3]).length > 0 ? [resource.name] : [];
  if (type !== 'listener') return [];
  // Any.value, Listener.filter_chains, FilterChain.filters, Filter.typed_config
  return (
    fieldsAt(resource.body, [2, 3, 3, 4])
      .filter((config) => decodeText(fieldsAt(config, [1])[0]).endsWith('.HttpConnectionManager'))
      // Any.value, HttpConnectionManager.rds, Rds.route_config_name
      .flatMap((config) => fieldsAt(config, [2, 3, 2]).map(decodeText))
  );
}

/** The length-delimited fields at the end of a path of field numbers. */
function fieldsAt(bytes: Uint8Array, path: readonly number[]): readonly Uint8Array[] {
  const [number, ...rest] = path;
  if (number === undefined) return [bytes];
  const found: Uint8Array[] = [];
  forEachField(bytes, (field, reader, wireType) => {
    if (field !== number || wireType !== WireType.LengthDelimited) return false;
    found.push(...fieldsAt(reader.bytes(), rest));
    return true;
  });
  return found;
}

function decodeText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes).toString();
}

/** Calls `read` at each field; it says whether it has read it. */
function forEachField(
  bytes: Uint8Array,
  read: (field: number, reader: BinaryReader, wireType: WireType) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader, wireType)) reader.skip(wireType);
  }
}
