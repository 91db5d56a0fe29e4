import type { Protocol } from '../../registrator/contract/service-record.ts';

/** A service of the mesh: what callers see of it. */
export interface Service {
  /** Full name, such as reviews.service.consul; may start with `*.` when a user declared it so. */
  readonly hostname: string;
  /** Config namespace of the service. */
  readonly namespace: string;
  /** Virtual address by which callers reach it and by which captured TCP connections are told apart. */
  readonly address: string;
  /** Sorted by number. */
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
}

/** How the members of a service are found. */
export type Resolution =
  /** Pilot sends them. */
  | 'static'
  /** The proxy asks DNS; `dns-round-robin` takes one address at a time. */
  | 'dns'
  | 'dns-round-robin'
  /** The address that the caller used. */
  | 'none';

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  /** Absent: nobody said, the proxy looks at the bytes. */
  readonly protocol?: Protocol;
}

/** One place where a port of a service is served. */
export interface Endpoint {
  readonly address: string;
  /** Port of the workload. */
  readonly port: number;
  /** Port of the service that leads here. */
  readonly servicePort: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight?: number;
  /** region/zone/subzone */
  readonly locality?: string;
  /** Gets no calls now, and may be back soon: the ports of its service and its own proxy stay as they are. */
  readonly down?: true;
}

/** What a registry knows of a service, with its members. */
export interface RegisteredService {
  readonly hostname: string;
  readonly namespace: string;
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  /** The virtual address when the user chose one. */
  readonly address?: string;
  /** Sorted by address, port and service port. */
  readonly endpoints: readonly Endpoint[];
}

/** How a port's connections are handled. */
export type Handling =
  /** Routed by Host; what is not HTTP after all goes to the service by its address. */
  | 'http'
  /** Passed on as bytes to the service of the address. */
  | 'tcp';

/**
 * HTTP routing for what is declared as HTTP and for what nobody declared: both are looked at, so a wrong or
 * missing declaration still reaches the right service. Only a declared byte stream is never looked at,
 * because a server that speaks first would wait for the look (MySQL, SMTP).
 */
export function handlingOf({ protocol }: ServicePort): Handling {
  return protocol === undefined ? 'http' : handling[protocol];
}

const handling: Readonly<Record<Protocol, Handling>> = {
  http: 'http',
  http2: 'http',
  grpc: 'http',
  'grpc-web': 'http',
  https: 'tcp',
  tls: 'tcp',
  tcp: 'tcp',
  udp: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
  mongo: 'tcp',
};
