import { sameElements } from '../../kit/same-elements.ts';
import { createBundle } from '../xds/bundle.ts';
import type { Bundle, EncodedResource, XdsType } from '../xds/resource.ts';

/**
 * The bundles of one type for the proxies of one view. Proxies whose own part is equal get the same object, most
 * often all of them: what delivery works out for a bundle (differences, bodies) it then works out once. A bundle
 * stays what it was when nothing in it changed.
 */
export class SharedBundles {
  readonly #type: XdsType;
  #outbound: readonly EncodedResource[] = [];
  /** By the own part. */
  #bundles = new Map<string, Bundle>();
  /** Those of before the last update, if they are still good. */
  #lastBundles: ReadonlyMap<string, Bundle> = new Map();

  constructor(type: XdsType) {
    this.#type = type;
  }

  /** Sets what all proxies of the view have. Bundles that are not asked for until the next update are forgotten. */
  update(outbound: readonly EncodedResource[]): void {
    this.#lastBundles = sameElements(this.#outbound, outbound) ? this.#bundles : new Map();
    this.#bundles = new Map();
    this.#outbound = outbound;
  }

  /** The bundle with what all have and `own`. */
  with(own: OwnPart): Bundle {
    const { key, resources } = own;
    const bundle =
      this.#bundles.get(key) ??
      this.#lastBundles.get(key) ??
      createBundle(this.#type, [...this.#outbound, ...resources]);
    this.#bundles.set(key, bundle);
    return bundle;
  }
}

/** What proxies add to a bundle. */
export interface OwnPart {
  readonly resources: readonly EncodedResource[];
  /** Names and versions: equal keys, equal bytes. */
  readonly key: string;
}

export function createOwnPart(resources: readonly EncodedResource[]): OwnPart {
  const key = resources.map(({ name, version }) => `${name}\0${version}`).join('\0');
  return { resources, key };
}
