import type { HttpHandler, SocketListener } from '../ir/listener.ts';
import type { MeshOptions } from './options.ts';
import { tracingOf } from './outbound-listeners.ts';

/** A listener that callers connect to by its own address, and that takes HTTP only. */
export function boundHttpListener(
  place: Pick<SocketListener, 'name' | 'address' | 'port' | 'exclusive'>,
  handler: Pick<HttpHandler, 'statPrefix' | 'routes'>,
  options: MeshOptions,
): SocketListener {
  return {
    kind: 'socket',
    ...place,
    direction: 'outbound',
    bindToPort: true,
    useOriginalDst: false,
    originalDst: false,
    sniffing: { kind: 'off' },
    chains: [],
    defaultChain: {
      name: 'http',
      match: {},
      handler: { kind: 'http', ...handler, ...tracingOf(options) },
    },
  };
}
