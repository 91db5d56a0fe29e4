import { hash } from 'node:crypto';

/** Every service has its own address in this block of class E, which nothing else uses (as in Istio). */
const prefix = '240.240';

/**
 * Gives each host name a virtual address. The same set of names gives the same addresses on every pilot:
 * each name's hash points at a slot, and a taken slot moves the later name (in sorted order) on by one.
 * The last bytes 0 and 255 are left out because some systems treat them as network and broadcast.
 */
export function assignVirtualAddresses(
  hostnames: Iterable<string>,
  taken: Iterable<string> = [],
): ReadonlyMap<string, string> {
  const used = new Set(taken);
  const assigned = new Map<string, string>();
  for (const hostname of [...hostnames].sort()) {
    let slot = slotOf(hostname);
    while (used.has(addressOf(slot))) slot = (slot + 1) % slots;
    const address = addressOf(slot);
    used.add(address);
    assigned.set(hostname, address);
  }
  return assigned;
}

const slots = 256 * 254;

/** Slots of names that were asked for before: one more service does not cost the hashes of all. */
const known = new Map<string, number>();

function slotOf(hostname: string): number {
  const before = known.get(hostname);
  if (before !== undefined) return before;
  // More names than there are addresses are of services that have gone.
  if (known.size >= slots) known.clear();
  const slot = hash('sha256', hostname, 'buffer').readUInt32BE(0) % slots;
  known.set(hostname, slot);
  return slot;
}

function addressOf(slot: number): string {
  return `${prefix}.${Math.floor(slot / 254)}.${(slot % 254) + 1}`;
}
