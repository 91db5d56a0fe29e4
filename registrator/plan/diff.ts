/** What the agent should hold against what it holds → the writes that make them equal. Pure. */
import {
  declaredCheckId,
  type ForeignService,
  type Health,
  type RegisteredService,
  type ServiceRecord,
} from '../contract/registration.ts';
import { metaKeys } from '../contract/service-record.ts';
import { compareText } from '../docker/container.ts';
import type { DesiredState } from './desired.ts';

export type Operation =
  | { readonly kind: 'drain'; readonly id: string; readonly health: Health }
  | { readonly kind: 'deregister'; readonly id: string; readonly name: string }
  | {
      readonly kind: 'register';
      readonly record: ServiceRecord;
      /** No service of ours has this id yet. */
      readonly isNew: boolean;
      /** The service that has it is taken over. */
      readonly adopts?: true;
    }
  | { readonly kind: 'restore'; readonly id: string; readonly health: Health }
  /** Critical as before, for another reason. */
  | { readonly kind: 'explain'; readonly service: RegisteredService; readonly health: Health };

/**
 * Operations of one kind may run side by side; kinds run in this order. What takes traffic away from an
 * instance that cannot serve comes first. A deregistration comes before registrations, because the address
 * may be the same one under another id.
 */
export const operationOrder = ['drain', 'deregister', 'register', 'restore', 'explain'] as const;

/** `actual` is what the agent holds of the services that we own, `adopted` what we take over. */
export function diffServices(
  desired: DesiredState,
  actual: readonly RegisteredService[],
  adopted: readonly ForeignService[] = [],
): readonly Operation[] {
  const held = new Map(actual.map((service) => [service.id, service]));
  const wanted = new Set(desired.records.map(({ id }) => id));
  const foreign = new Map(adopted.map((service) => [service.id, service]));
  const operations = [
    ...desired.records.flatMap((record) => {
      const other = foreign.get(record.id);
      return other === undefined ? settle(record, held.get(record.id)) : adopt(record, other);
    }),
    ...adopted.filter(({ id }) => !wanted.has(id)).map(removeService),
    ...actual.filter(({ id }) => !wanted.has(id)).flatMap((service) => retire(service, desired)),
  ];
  return operations.sort(compareOperations);
}

/** A name that changes has to be deregistered, as in `settle`; else there is no moment without the service. */
function adopt(record: ServiceRecord, other: ForeignService): Operation[] {
  const register: Operation = { kind: 'register', record, isNew: false, adopts: true };
  return other.name === record.name ? [register] : [removeService(other), register];
}

function removeService({ id, name }: Pick<ForeignService, 'id' | 'name'>): Operation {
  return { kind: 'deregister', id, name };
}

/** The writes for one service that should be there. */
function settle(record: ServiceRecord, held: RegisteredService | undefined): Operation[] {
  if (held === undefined) return [{ kind: 'register', record, isNew: true }];
  // The catalogue lists instances by name; a new name starts from nothing there.
  if (held.name !== record.name) {
    return [removeService(held), { kind: 'register', record, isNew: false }];
  }
  return listDifferences(record, held).length === 0
    ? reportHealth(held, record.health)
    : [{ kind: 'register', record, isNew: false }];
}

/** The writes for a service that the containers no longer ask for. */
function retire(service: RegisteredService, desired: DesiredState): Operation[] {
  const container = service.meta[metaKeys.containerId] ?? '';
  if (desired.unknown.has(container)) return [];
  const health = desired.retained.get(container);
  return health === undefined ? [removeService(service)] : reportHealth(service, health);
}

function reportHealth(service: RegisteredService, health: Health): Operation[] {
  const { id, health: held } = service;
  if (held?.status === health.status && held.output === health.output) return [];
  if (health.status === 'passing') return [{ kind: 'restore', id, health }];
  return [
    held?.status === 'critical'
      ? { kind: 'explain', service, health }
      : { kind: 'drain', id, health },
  ];
}

/** Which parts of a registration the agent holds differently; the health is no part of it. */
export function listDifferences(record: ServiceRecord, held: RegisteredService): readonly string[] {
  const checks = Object.fromEntries(
    record.checks.map((check) => [declaredCheckId(record.id, check.kind), check.notes]),
  );
  const same = {
    name: record.name === held.name,
    address: record.address === held.address,
    port: record.port === held.port,
    weight: record.weight === held.weight,
    tags: isSameList(record.tags, held.tags),
    meta: isSameMap(record.meta, held.meta),
    checks: isSameMap(checks, held.checks),
    'container check': held.health !== undefined,
  };
  return Object.entries(same).flatMap(([part, isSame]) => (isSame ? [] : [part]));
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

function isSameMap(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function compareOperations(left: Operation, right: Operation): number {
  return (
    operationOrder.indexOf(left.kind) - operationOrder.indexOf(right.kind) ||
    compareText(operationId(left), operationId(right))
  );
}

/** The id of the service that the operation writes. */
export function operationId(operation: Operation): string {
  switch (operation.kind) {
    case 'register':
      return operation.record.id;
    case 'explain':
      return operation.service.id;
    case 'drain':
    case 'deregister':
    case 'restore':
      return operation.id;
  }
}
