import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { type KvWrite, valueLimit } from './consul-kv.ts';
import { StoreError } from './store.ts';

/** What a write to a store in Consul comes to, as far as is known. */
export interface Planned {
  /** What the caller is told when the write is done. */
  readonly result: () => ConfigObject;
  /** Missing when nothing is to be written. */
  readonly write?: KvWrite;
}

/** Undefined when what is known is against the plan: it may be a moment old. Throws StoreError `E_TOO_LARGE`, which no news changes. */
export function tryPlan(plan: () => Planned): Planned | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof StoreError && error.code !== 'E_TOO_LARGE') return undefined;
    throw error;
  }
}

/** Throws StoreError `E_TOO_LARGE`. */
export function assertFits({ kind, name }: ObjectKey, text: string): void {
  const size = Buffer.byteLength(text);
  if (size <= valueLimit) return;
  throw new StoreError(
    'E_TOO_LARGE',
    `${kind} "${name}" has ${size} bytes as JSON; a config store in Consul takes ${valueLimit} (Consul's transactions take 512 KiB, and values go in base64). Split it, or keep it in a directory (--config-store dir:PATH)`,
  );
}
