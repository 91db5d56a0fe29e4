import type { RouteOrigin } from './route.ts';

export type Listener = SocketListener | ApiListener;

/** What a program that has no proxy asks for under the name that it calls: where its routes are. */
export interface ApiListener {
  readonly kind: 'api';
  readonly name: string;
  /** Name of the route table, delivered by RDS. */
  readonly routes: string;
}

/** Where a proxy accepts connections and what it does with them. */
export interface SocketListener {
  readonly kind: 'socket';
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly direction: 'inbound' | 'outbound';
  /** False: reached only from the capturing listener, by original destination. */
  readonly bindToPort: boolean;
  /** Of two proxies on one machine only one gets the port; the other is refused. */
  readonly exclusive?: true;
  /** True: connections go on to the listener of their original destination. */
  readonly useOriginalDst: boolean;
  /** Restores the destination from before the capture. */
  readonly originalDst: boolean;
  /** Bound to this Unix socket instead, where the caller says by the PROXY protocol where it was going. */
  readonly socketPath?: string;
  readonly sniffing: Sniffing;
  /** Tried by destination port, then whether it is HTTP, then destination address. */
  readonly chains: readonly FilterChain[];
  /** For what no chain matches; without one such connections are closed. */
  readonly defaultChain?: FilterChain;
}

export type Sniffing =
  | { readonly kind: 'off' }
  /** Looks at the first bytes, except on `exceptPorts`; after `timeoutMs` without any goes on without knowing. */
  | { readonly kind: 'http'; readonly timeoutMs: number; readonly exceptPorts: readonly number[] };

export interface FilterChain {
  /** Unique within the listener. */
  readonly name: string;
  readonly match: FilterChainMatch;
  readonly handler: HttpHandler | TcpHandler;
}

/** An absent condition is always met. */
export interface FilterChainMatch {
  readonly destinationPort?: number;
  /** Only what the sniffing recognised as HTTP. */
  readonly http?: true;
  readonly destination?: string;
  /** Only once the caller has said something: a silent connection that would come here is taken for HTTP. */
  readonly spoken?: true;
}

export interface HttpHandler {
  readonly kind: 'http';
  readonly statPrefix: string;
  /** Name of the route table, delivered by RDS. */
  readonly routes: string;
  readonly tracing?: Tracing;
}

export interface Tracing {
  readonly cluster: string;
  /** Percent of requests, 0–100. */
  readonly sampling: number;
}

export interface TcpHandler {
  readonly kind: 'tcp';
  readonly statPrefix: string;
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  /** What of the user's rules decided; absent for a default of the mesh. */
  readonly origin?: RouteOrigin;
}
