/** The plan for a person: every service, what the containers ask for, what Consul holds, and what would be written. */
import type { Problem } from '../../kit/problem.ts';
import { formatProblem } from '../../kit/problem.ts';
import {
  describeTaken,
  type ForeignService,
  type Health,
  type RegisteredService,
  type ServiceRecord,
} from '../contract/registration.ts';
import { compareText } from '../docker/container.ts';
import type { DesiredState } from './desired.ts';
import { diffServices, listDifferences, operationId, type Operation } from './diff.ts';
import { formatTable } from './table.ts';

export interface Comparison {
  /** By id. */
  readonly services: readonly ComparedService[];
  readonly problems: readonly Problem[];
}

/** `adopt` registers over what another tool left, `refused` is not written: the id is somebody else's. */
export type Action = Operation['kind'] | 'adopt' | 'refused';

/** What others have on the agent, and which of it we take over. */
export interface ForeignServices {
  readonly found: readonly ForeignService[];
  readonly adopted: readonly ForeignService[];
}

export interface ComparedService {
  readonly id: string;
  readonly name: string;
  /** What would be written, in order; empty when Consul is as it should be. */
  readonly actions: readonly Action[];
  /** Absent when no container asks for it. */
  readonly desired?: ServiceRecord;
  /** Absent when Consul does not hold it. */
  readonly actual?: RegisteredService | ForeignService;
  /** Parts that Consul holds differently. */
  readonly differences: readonly string[];
}

/** Compares all services of one registrator; `actual` is what the agent holds of them. */
export function compareServices(
  desired: DesiredState,
  actual: readonly RegisteredService[],
  foreign: ForeignServices = { found: [], adopted: [] },
): Comparison {
  const wanted = new Map(desired.records.map((record) => [record.id, record]));
  const held = new Map(actual.map((service) => [service.id, service]));
  const adopted = new Map(foreign.adopted.map((service) => [service.id, service]));
  const taken = new Map(
    foreign.found
      .filter(({ id }) => wanted.has(id) && !adopted.has(id) && !held.has(id))
      .map((service) => [service.id, service]),
  );
  const operations = diffServices(desired, actual, foreign.adopted);
  const ids = [...new Set([...wanted.keys(), ...held.keys(), ...adopted.keys()])].sort(compareText);
  return {
    services: ids.map((id) => {
      const own = operations.filter((operation) => operationId(operation) === id);
      return compareService(id, wanted.get(id), held.get(id), {
        actions: taken.has(id) ? ['refused'] : own.map(actionOf),
        foreign: adopted.get(id) ?? taken.get(id),
      });
    }),
    problems: [...desired.problems, ...[...taken.values()].map(takenProblem)],
  };
}

function actionOf(operation: Operation): Action {
  return operation.kind === 'register' && operation.adopts === true ? 'adopt' : operation.kind;
}

function takenProblem(other: ForeignService): Problem {
  const resource = `service ${other.id}`;
  return { code: 'E_ID_TAKEN', severity: 'error', resource, message: describeTaken(other) };
}

function compareService(
  id: string,
  desired: ServiceRecord | undefined,
  held: RegisteredService | undefined,
  { actions, foreign }: { actions: readonly Action[]; foreign: ForeignService | undefined },
): ComparedService {
  const actual = held ?? foreign;
  return {
    id,
    name: desired?.name ?? actual?.name ?? '',
    actions,
    ...(desired === undefined ? {} : { desired }),
    ...(actual === undefined ? {} : { actual }),
    differences: foreign === undefined ? listChanges(desired, held) : ['owner'],
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
  const held = actual !== undefined && 'tags' in actual ? actual : undefined;
  return held?.maintenance === undefined
    ? formatHealth(desired?.health ?? held?.health)
    : `maintenance: ${held.maintenance}`;
}

function formatHealth(health: Health | undefined): string {
  return health === undefined ? '-' : `${health.status}: ${health.output}`;
}
