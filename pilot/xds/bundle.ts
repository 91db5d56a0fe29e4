import { createHash } from 'node:crypto';
import type { Bundle, EncodedResource, XdsType } from './resource.ts';

/** Names a resource's bytes and gives them their version. */
export function createResource(name: string, value: Uint8Array): EncodedResource {
  const version = createHash('sha256').update(value).digest('base64url').slice(0, 16);
  return { name, version, value };
}

/**
 * Sorts resources into a bundle; of two with one name the later stays. Equal names and versions give an equal
 * bundle version, on every pilot.
 */
export function createBundle(type: XdsType, resources: Iterable<EncodedResource>): Bundle {
  const byName = new Map<string, EncodedResource>();
  for (const resource of resources) byName.set(resource.name, resource);
  const names = [...byName.keys()].sort();
  const hash = createHash('sha256');
  const sorted = new Map<string, EncodedResource>();
  for (const name of names) {
    const resource = byName.get(name);
    if (resource === undefined) continue;
    sorted.set(name, resource);
    hash.update(`${name}\0${resource.version}\0`);
  }
  return { type, version: hash.digest('base64url').slice(0, 16), resources: sorted };
}

const emptyBundles: Readonly<Record<XdsType, Bundle>> = {
  cluster: createBundle('cluster', []),
  endpoint: createBundle('endpoint', []),
  listener: createBundle('listener', []),
  route: createBundle('route', []),
};

/** The bundle without resources: one object per type, so that what is derived from it is shared too. */
export function emptyBundle(type: XdsType): Bundle {
  return emptyBundles[type];
}
