/** Services and checks as the agent's API writes them (https://developer.hashicorp.com/consul/api-docs/agent). */
import {
  containerCheckId,
  declaredCheckId,
  maintenanceCheckId,
  type Health,
  type RegisteredService,
  type ServiceRecord,
} from '../contract/registration.ts';

/** A service without its checks. */
export type ServiceIdentity = Omit<ServiceRecord, 'checks' | 'health'>;

export interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Tags?: readonly string[] | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly Address: string;
  readonly Port: number;
  readonly Weights?: { readonly Passing: number };
  readonly EnableTagOverride?: boolean;
  readonly TaggedAddresses?: Readonly<
    Record<string, { readonly Address: string; readonly Port: number }>
  > | null;
}

export interface AgentCheck {
  readonly Node: string;
  readonly CheckID: string;
  readonly ServiceID: string;
  readonly Status: string;
  readonly Notes: string;
  readonly Output: string;
}

/** Service id → its checks. */
export function groupChecks(
  checks: readonly AgentCheck[],
): ReadonlyMap<string, readonly AgentCheck[]> {
  const groups = new Map<string, AgentCheck[]>();
  for (const check of checks) {
    const group = groups.get(check.ServiceID);
    if (group === undefined) groups.set(check.ServiceID, [check]);
    else group.push(check);
  }
  return groups;
}

function parseHealth(check: AgentCheck): Health {
  return { status: check.Status === 'passing' ? 'passing' : 'critical', output: check.Output };
}

const containerCheckTtl = '8760h';

/** A service alone. */
export function formatService(service: ServiceIdentity): object {
  return {
    ID: service.id,
    Name: service.name,
    Tags: service.tags,
    Meta: service.meta,
    Address: service.address,
    Port: service.port,
    Weights: { Passing: service.weight, Warning: 1 },
    EnableTagOverride: service.tagOverride === true,
    TaggedAddresses: Object.fromEntries(
      Object.entries(service.taggedAddresses).map(([tag, { address, port }]) => [
        tag,
        { Address: address, Port: port },
      ]),
    ),
  };
}

/** A service with all its checks, as the agent takes it; `note` marks checks as ours. */
export function formatRecord(record: ServiceRecord, note: string): object {
  return {
    ...formatService(record),
    Checks: [
      formatContainerCheck(record.id, record.health, note),
      ...record.checks.map((check) => ({
        CheckID: declaredCheckId(record.id, check.kind),
        Name: check.name,
        Notes: `${check.notes}; ${note}`,
        ...check.definition,
      })),
    ],
  };
}

/** The check by which the registrator reports. */
export function formatContainerCheck(id: string, health: Health, note: string): object {
  return {
    CheckID: containerCheckId(id),
    Name: 'Docker container',
    Notes: note,
    TTL: containerCheckTtl,
    Status: health.status,
  };
}

/** A service with its checks, as the agent lists them. */
export function parseService(
  service: AgentService,
  checks: readonly AgentCheck[],
  note: string,
): RegisteredService {
  const containerCheck = containerCheckId(service.ID);
  const maintenanceCheck = maintenanceCheckId(service.ID);
  const own = checks.find(({ CheckID: id }) => id === containerCheck);
  const maintenance = checks.find(({ CheckID: id }) => id === maintenanceCheck);
  const others = checks.filter((check) => check !== own && check !== maintenance);
  const suffix = `; ${note}`;
  return {
    id: service.ID,
    name: service.Service,
    tags: service.Tags ?? [],
    meta: service.Meta ?? {},
    address: service.Address,
    port: service.Port,
    weight: service.Weights?.Passing ?? 1,
    ...(service.EnableTagOverride === true ? { tagOverride: true } : {}),
    taggedAddresses: Object.fromEntries(
      Object.entries(service.TaggedAddresses ?? {}).map(([tag, { Address, Port }]) => [
        tag,
        { address: Address, port: Port },
      ]),
    ),
    checks: Object.fromEntries(
      others.map((check) => [
        check.CheckID,
        check.Notes.endsWith(suffix) ? check.Notes.slice(0, -suffix.length) : check.Notes,
      ]),
    ),
    ...(own === undefined ? {} : { health: parseHealth(own) }),
    ...(maintenance === undefined ? {} : { maintenance: maintenance.Notes }),
  };
}
