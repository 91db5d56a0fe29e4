/**
 * One service instance as the registrator writes it to a Consul agent, and as it reads it back. Names of
 * checks are minted here only.
 */

export type HealthStatus = 'passing' | 'critical';

/** Whether the instance may get traffic, and why, in words for a person. */
export interface Health {
  readonly status: HealthStatus;
  readonly output: string;
}

/** A check that the user declared and that Consul runs itself. */
export interface DeclaredCheck {
  /** `cmd` is gliderlabs/registrator's check-cmd, `exec` runs inside the container. */
  readonly kind: 'http' | 'tcp' | 'ttl' | 'grpc' | 'script' | 'cmd' | 'exec';
  readonly name: string;
  /** What it does, in full: two checks with equal notes are the same check. */
  readonly notes: string;
  /** Fields of Consul's check definition, such as HTTP and Interval. */
  readonly definition: Readonly<Record<string, CheckField>>;
}

export type CheckField =
  | string
  | boolean
  | readonly string[]
  /** Headers of a request. */
  | Readonly<Record<string, readonly string[]>>;

export interface ServiceRecord {
  /** Unique on the agent: `<host>:<container>:<container port>[:udp]` or the user's own. */
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly address: string;
  readonly port: number;
  /** Share of traffic while passing, 1 to 65535. */
  readonly weight: number;
  readonly checks: readonly DeclaredCheck[];
  readonly health: Health;
}

/** What the agent holds of a service instance that we own. */
export interface RegisteredService extends Omit<ServiceRecord, 'checks' | 'health'> {
  /** Check id → notes, of every check but the registrator's own. */
  readonly checks: Readonly<Record<string, string>>;
  /** Absent when the agent has lost the registrator's check. */
  readonly health?: Health;
  /** Why somebody took it out of service with Consul's maintenance mode; absent when nobody did. */
  readonly maintenance?: string;
}

/** A service on the agent that this registrator did not write. */
export interface ForeignService {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The registrator that wrote it; absent when none of ours did. */
  readonly owner?: string;
}

/** Why the id cannot be registered, and what to do. */
export function describeTaken({ id, owner }: Pick<ForeignService, 'id' | 'owner'>): string {
  return owner === undefined
    ? `the agent already has a service "${id}" that no registrator of composemesh wrote; if ` +
        'gliderlabs/registrator left it, run with -adopt, else give another SERVICE_ID or run: ' +
        `consul services deregister -id=${id}`
    : `the agent already has a service "${id}" of the registrator ${owner}; give another ` +
        `SERVICE_ID, or if that one is gone, run: consul services deregister -id=${id}`;
}

/** Id of the check that is Consul's maintenance mode of a service (agent/structs). */
export function maintenanceCheckId(serviceId: string): string {
  return `${maintenancePrefix}${serviceId}`;
}

/** With which the ids of all such checks begin. */
export const maintenancePrefix = '_service_maintenance:';

/** Id of the check by which the registrator reports the state of the container. */
export function containerCheckId(serviceId: string): string {
  return `service:${serviceId}:docker`;
}

/** Id of a declared check: one per kind and service. */
export function declaredCheckId(serviceId: string, kind: DeclaredCheck['kind']): string {
  return `service:${serviceId}:${kind}`;
}
