import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** What became of the network namespace the agent started in. */
export type NamespaceState =
  /** Only loopback is left: the container that owned the namespace has restarted and has a new one. */
  | { readonly kind: 'dead' }
  /** The namespace lives but no longer has the address that pilot knows the workload by. */
  | { readonly kind: 'moved'; readonly address: string }
  | { readonly kind: 'alive' };

/** How often to look (ms). A read of the interfaces takes some 50 µs. */
const interval = 1000;

/** The first IPv4 address that is not loopback; undefined when the namespace has only `lo`. */
export function findOwnAddress(interfaces: Interfaces = networkInterfaces()): string | undefined {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

export function judgeNamespace(address: string, interfaces: Interfaces): NamespaceState {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  if (all.some((candidate) => candidate.address === address)) return { kind: 'alive' };
  const other = findOwnAddress(interfaces);
  return other === undefined ? { kind: 'dead' } : { kind: 'moved', address: other };
}

/** Calls `onLost` once, when the namespace no longer has `address`; returns the function that ends it. */
export function watchNamespace(
  address: string,
  onLost: (state: Exclude<NamespaceState, { kind: 'alive' }>) => void,
): () => void {
  const timer = setInterval(() => {
    const state = judgeNamespace(address, networkInterfaces());
    if (state.kind === 'alive') return;
    clearInterval(timer);
    onLost(state);
  }, interval);
  return () => {
    clearInterval(timer);
  };
}
