/** The plan for a person: every service, what the containers ask for, what Consul holds, and what would be written. */
import type { Problem } from '../../kit/problem.ts';
import { formatProblem } from '../../kit/problem.ts';
import type { Health, RegisteredService, ServiceRecord } from '../contract/registration.ts';
import { compareText } from '../docker/container.ts';
import type { DesiredState } from './desired.ts';
import { diffServices, listDifferences, operationId, type Operation } from './diff.ts';
import { formatTable } from './table.ts';

export interface Comparison {
  /** By id. */
  readonly services: readonly ComparedService[];
  readonly problems: readonly Problem[];
}

export interface ComparedService {
  readonly id: string;
  readonly name: string;
  /** What would be written, in order; empty when Consul is as it should be. */
  readonly actions: readonly Operation['kind'][];
  /** Absent when no container asks for it. */
  readonly desired?: ServiceRecord;
  /** Absent when Consul does not hold it. */
  readonly actual?: RegisteredService;
  /** Parts that Consul holds differently. */
  readonly differences: readonly string[];
}

/** Compares all services of one registrator; `actual` is what the agent holds of them. */
export function compareServices(
  desired: DesiredState,
  actual: readonly RegisteredService[],
): Comparison {
  const wanted = new Map(desired.records.map((record) => [record.id, record]));
  const held = new Map(actual.map((service) => [service.id, service]));
  const operations = diffServices(desired, actual);
  const ids = [...new Set([...wanted.keys(), ...held.keys()])].sort(compareText);
  return {
    services: ids.map((id) => compareService(id, wanted.get(id), held.get(id), operations)),
    problems: desired.problems,
  };
}

function compareService(
  id: string,
  desired: ServiceRecord | undefined,
  actual: RegisteredService | undefined,
  operations: readonly Operation[],
): ComparedService {
  return {
    id,
    name: desired?.name ?? actual?.name ?? '',
    actions: operations
      .filter((operation) => operationId(operation) === id)
      .map(({ kind }) => kind),
    ...(desired === undefined ? {} : { desired }),
    ...(actual === undefined ? {} : { actual }),
    differences: listChanges(desired, actual),
  };
}

function listChanges(
  desired: ServiceRecord | undefined,
  actual: RegisteredService | undefined,
): readonly string[] {
  if (desired === undefined || actual === undefined) return [];
  const sameHealth =
    actual.health === undefined || formatHealth(actual.health) === formatHealth(desired.health);
  return [...listDifferences(desired, actual), ...(sameHealth ? [] : ['health'])];
}

/** The comparison as a table, then the problems, one a line. */
export function formatComparison({ services, problems }: Comparison): string {
  const head = ['ACTION', 'SERVICE', 'DESIRED', 'ACTUAL', 'HEALTH', 'ID', 'DIFFERENCE'];
  const rows = services.map((service) => [
    service.actions.length === 0 ? 'none' : service.actions.join(', '),
    service.name,
    formatEndpoint(service.desired),
    formatEndpoint(service.actual),
    formatState(service),
    service.id,
    service.differences.join(', '),
  ]);
  const changes = services.filter(({ actions }) => actions.length > 0).length;
  return [
    ...(rows.length === 0 ? [] : [formatTable([head, ...rows])]),
    `${services.length} services, ${changes} to change`,
    ...problems.map(formatProblem),
    '',
  ].join('\n');
}

function formatEndpoint(service: { address: string; port: number } | undefined): string {
  return service === undefined ? '-' : `${service.address}:${service.port}`;
}

/** Maintenance mode outweighs whatever the container says. */
function formatState({ desired, actual }: ComparedService): string {
  return actual?.maintenance === undefined
    ? formatHealth(desired?.health ?? actual?.health)
    : `maintenance: ${actual.maintenance}`;
}

function formatHealth(health: Health | undefined): string {
  return health === undefined ? '-' : `${health.status}: ${health.output}`;
}
