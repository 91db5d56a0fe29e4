import { DeltaDiscoveryResponseSchema, DiscoveryResponseSchema } from '../proto/messages.ts';
import { encode } from '../proto/writer.ts';
import type { EncodedResource } from '../xds/resource.ts';
import { xdsTypes } from '../xds/resource.ts';
import type { Transport } from './request.ts';
import type { SendEffect } from './stream-state.ts';

/**
 * An encoded response in two parts. Fields of a protobuf message may come in any order, so what differs between
 * streams is apart from the resources, which are encoded once for all streams that get the same ones.
 */
export interface ResponseParts {
  readonly head: Uint8Array;
  readonly resources: Uint8Array;
}

type Bodies = WeakMap<readonly EncodedResource[], Uint8Array>;

const bodies: Readonly<Record<Transport, Bodies>> = { delta: new WeakMap(), sotw: new WeakMap() };

/** Encodes what is to be sent. The body is memoised on the array of resources, which streams share. */
export function encodeResponse(transport: Transport, send: SendEffect): ResponseParts {
  const typeUrl = xdsTypes[send.type];
  const { nonce, version, removed } = send;
  const head =
    transport === 'delta'
      ? encode(DeltaDiscoveryResponseSchema, {
          systemVersionInfo: version,
          typeUrl,
          nonce,
          removedResources: removed,
        })
      : encode(DiscoveryResponseSchema, { versionInfo: version, typeUrl, nonce });
  return { head, resources: encodeResources(transport, typeUrl, send.resources) };
}

function encodeResources(
  transport: Transport,
  typeUrl: string,
  resources: readonly EncodedResource[],
): Uint8Array {
  const held = bodies[transport].get(resources);
  if (held !== undefined) return held;
  const body =
    transport === 'delta'
      ? encodeDelta(typeUrl, resources)
      : encode(DiscoveryResponseSchema, {
          resources: resources.map(({ value }) => ({ typeUrl, value })),
        });
  bodies[transport].set(resources, body);
  return body;
}

function encodeDelta(typeUrl: string, resources: readonly EncodedResource[]): Uint8Array {
  return encode(DeltaDiscoveryResponseSchema, {
    resources: resources.map(({ name, version, value }) => ({
      name,
      version,
      resource: { typeUrl, value },
    })),
  });
}
