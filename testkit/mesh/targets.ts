import { findNearest } from '../../kit/nearest.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import { resolveHostname } from '../../pilot/model/hostname.ts';
import type { Arrival } from './observation.ts';
import {
  type TestService,
  type TestWorkload,
  entryService,
  hostnameOf,
  meshDomain,
} from './service.ts';

/** The services that a case file can speak of: its own, and those that ServiceEntries declare. */
export function knownServices(
  services: readonly TestService[],
  rules: ResourceSet,
): readonly TestService[] {
  const entries = rules.filter((rule) => rule.kind === 'ServiceEntry');
  return [
    ...services,
    ...entries.flatMap((entry) => {
      const { service, workloads } = entryService(entry);
      return entry.spec.hosts.map((name) => ({ ...service, name, workloads }));
    }),
  ];
}

/** A service, or one version of it. */
export interface Target {
  readonly service: TestService;
  readonly workload?: TestWorkload;
}

export type FoundTarget =
  { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly advice: string };

/** What `text` means: a service by its short or full name, SERVICE/VERSION, or a workload. */
export function findTarget(text: string, services: readonly TestService[]): FoundTarget {
  const [name = '', version] = text.split('/');
  const service = findService(name, services);
  if (service === undefined) return findWorkload(text, services);
  if (version === undefined) return { ok: true, target: { service } };
  const workload = service.workloads.find((candidate) => candidate.version === version);
  if (workload !== undefined) return { ok: true, target: { service, workload } };
  return {
    ok: false,
    advice: `${name} has no version ${version}; ${adviseOn(version, versionsOf(service))}`,
  };
}

function findWorkload(text: string, services: readonly TestService[]): FoundTarget {
  for (const service of services) {
    const workload = service.workloads.find(({ name }) => name === text);
    if (workload !== undefined) return { ok: true, target: { service, workload } };
  }
  const names = services.map(({ name }) => name);
  return {
    ok: false,
    advice: `there is no such service; ${adviseOn(text.split('/')[0] ?? '', names)}`,
  };
}

/** The service that callers in the mesh mean by a host name. */
export function findService(
  host: string,
  services: readonly TestService[],
): TestService | undefined {
  const hostnames = services.map(hostnameOf);
  const hostname = resolveHostname(host, meshDomain, (name) => hostnames.includes(name));
  return services[hostnames.indexOf(hostname)];
}

export function versionsOf({ workloads }: TestService): readonly string[] {
  return workloads.flatMap(({ version }) => (version === undefined ? [] : [version]));
}

/** Says what was meant, or what there is. */
export function adviseOn(word: string, choices: readonly string[]): string {
  const nearest = findNearest(word, choices);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return choices.length === 0 ? 'there are none' : `there is ${choices.join(', ')}`;
}

/** Whether a backend is one of those that `text` means: its service, its version, or both. */
export function isAt(
  text: string,
  arrival: Pick<Arrival, 'service' | 'workload' | 'version'>,
): boolean {
  const { service, workload, version } = arrival;
  const names = [service, hostnameOf({ name: service })];
  return (
    names.includes(text) ||
    text === version ||
    text === workload ||
    (version !== undefined && names.some((name) => text === `${name}/${version}`))
  );
}
