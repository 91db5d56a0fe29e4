/**
 * What changes from one bundle to another. Many streams make the same step between the same two bundles, so each
 * step is computed once; the arrays in the result are shared, and response bodies are memoised on them.
 */
import { createBundle, emptyBundle } from '../xds/bundle.ts';
import type { Bundle, EncodedResource } from '../xds/resource.ts';

export interface BundleDiff {
  /** Resources that are new or have another version, in the order of their names. */
  readonly changed: readonly EncodedResource[];
  /** Names that are gone, in order. */
  readonly removed: readonly string[];
}

/** The bytes of a resource that the client says it has and of which we know the version only. */
const unknownBytes = new Uint8Array(0);

const same: BundleDiff = { changed: [], removed: [] };
const diffs = new WeakMap<Bundle, WeakMap<Bundle, BundleDiff>>();
const merges = new WeakMap<Bundle, WeakMap<Bundle, WeakMap<Bundle, Bundle>>>();

/** The step from one bundle to another; the same object for the same pair. */
export function diffBundles(from: Bundle, to: Bundle): BundleDiff {
  if (from === to) return same;
  const row = getOrAdd(diffs, from, () => new WeakMap<Bundle, BundleDiff>());
  return getOrAdd(row, to, () => computeDiff(from, to));
}

/** All resources of a bundle; the same array for the same bundle. */
export function allResources(bundle: Bundle): readonly EncodedResource[] {
  return diffBundles(emptyBundle(bundle.type), bundle).changed;
}

/**
 * `to` and what it takes away from `from`: the step before removals. What `gone` names is not kept. Returns `to`
 * itself when nothing is taken away, and `from` itself when nothing else changes.
 */
export function mergeBundles(from: Bundle, to: Bundle, gone: Bundle): Bundle {
  if (from === to) return to;
  const row = getOrAdd(merges, from, () => new WeakMap<Bundle, WeakMap<Bundle, Bundle>>());
  const cell = getOrAdd(row, to, () => new WeakMap<Bundle, Bundle>());
  return getOrAdd(cell, gone, () => computeMerge(from, to, gone));
}

/** The bundle of a client that says which versions it has, from an earlier connection. */
export function claimedBundle(like: Bundle, versions: ReadonlyMap<string, string>): Bundle {
  const claims = [...versions].map(([name, version]) => ({ name, version, value: unknownBytes }));
  return createBundle(like.type, claims);
}

/** The resource called `name`, unless we do not have its bytes. */
export function findResource(bundle: Bundle, name: string): EncodedResource | undefined {
  const resource = bundle.resources.get(name);
  return resource?.value === unknownBytes ? undefined : resource;
}

function computeDiff(from: Bundle, to: Bundle): BundleDiff {
  const changed: EncodedResource[] = [];
  for (const resource of to.resources.values()) {
    if (from.resources.get(resource.name)?.version !== resource.version) changed.push(resource);
  }
  const removed = [...from.resources.keys()].filter((name) => !to.resources.has(name));
  return changed.length === 0 && removed.length === 0 ? same : { changed, removed };
}

function computeMerge(from: Bundle, to: Bundle, gone: Bundle): Bundle {
  const kept: EncodedResource[] = [];
  for (const resource of from.resources.values()) {
    if (!to.resources.has(resource.name) && !gone.resources.has(resource.name)) kept.push(resource);
  }
  if (kept.length === 0) return to;
  const merged = [...to.resources.values(), ...kept];
  // By identity, not by version: what a client claims has the version and not the bytes.
  const isFrom = (resource: EncodedResource): boolean =>
    from.resources.get(resource.name) === resource;
  if (merged.length === from.resources.size && merged.every(isFrom)) return from;
  return createBundle(to.type, merged);
}

function getOrAdd<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const held = map.get(key);
  if (held !== undefined) return held;
  const made = make();
  map.set(key, made);
  return made;
}
