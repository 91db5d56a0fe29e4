import { DeltaDiscoveryResponseSchema, DiscoveryResponseSchema } from '../proto/messages.ts';
import { encode } from '../proto/writer.ts';
import type { EncodedResource, XdsType } from '../xds/resource.ts';
import { xdsTypes } from '../xds/resource.ts';
import type { Transport } from './request.ts';
import type { SendEffect } from './stream-state.ts';

/**
 * An encoded response in parts that follow each other. Fields of a protobuf message may come in any order, so what
 * differs between streams is apart from the resources, which are encoded once for all streams that get the same ones.
 */
export interface ResponseParts {
  readonly head: Uint8Array;
  readonly resources: readonly Uint8Array[];
  /** Bytes of all parts. */
  readonly size: number;
}

/** From this size (bytes) on, a resource is a part by itself, which responses with different others share. */
export const bigPart = 16 * 1024;

/** The encoded resources of responses; memoised on the array, which streams share, and on big resources. */
interface Memo {
  readonly bodies: WeakMap<readonly EncodedResource[], readonly Uint8Array[]>;
  readonly big: WeakMap<EncodedResource, Uint8Array>;
}

const memos: Readonly<Record<Transport, Memo>> = {
  delta: { bodies: new WeakMap(), big: new WeakMap() },
  sotw: { bodies: new WeakMap(), big: new WeakMap() },
};

/** Encodes what is to be sent. */
export function encodeResponse(transport: Transport, send: SendEffect): ResponseParts {
  const head = encodeHead(transport, send);
  const { bodies } = memos[transport];
  const resources = bodies.get(send.resources) ?? encodeParts(transport, send);
  bodies.set(send.resources, resources);
  const size = resources.reduce((sum, part) => sum + part.length, head.length);
  return { head, resources, size };
}

function encodeHead(transport: Transport, send: SendEffect): Uint8Array {
  const typeUrl = xdsTypes[send.type];
  const { nonce, version, removed } = send;
  if (transport === 'sotw') {
    return encode(DiscoveryResponseSchema, { versionInfo: version, typeUrl, nonce });
  }
  return encode(DeltaDiscoveryResponseSchema, {
    systemVersionInfo: version,
    typeUrl,
    nonce,
    removedResources: removed,
  });
}

/** The resources in their order: big ones by themselves, those between them together. */
function encodeParts(transport: Transport, { type, resources }: SendEffect): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let small: EncodedResource[] = [];
  const endRun = (): void => {
    if (small.length > 0) parts.push(encodeResources(transport, type, small));
    small = [];
  };
  for (const resource of resources) {
    if (resource.value.length < bigPart) {
      small.push(resource);
    } else {
      endRun();
      parts.push(encodeBig(transport, type, resource));
    }
  }
  endRun();
  return parts;
}

function encodeBig(transport: Transport, type: XdsType, resource: EncodedResource): Uint8Array {
  const { big } = memos[transport];
  const part = big.get(resource) ?? encodeResources(transport, type, [resource]);
  big.set(resource, part);
  return part;
}

function encodeResources(
  transport: Transport,
  type: XdsType,
  resources: readonly EncodedResource[],
): Uint8Array {
  const typeUrl = xdsTypes[type];
  if (transport === 'sotw') {
    return encode(DiscoveryResponseSchema, {
      resources: resources.map(({ value }) => ({ typeUrl, value })),
    });
  }
  return encode(DeltaDiscoveryResponseSchema, {
    resources: resources.map(({ name, version, value }) => ({
      name,
      version,
      resource: { typeUrl, value },
    })),
  });
}
