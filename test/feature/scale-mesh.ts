/**
 * A mesh of any size as YAML files: services with static endpoints, rules and subsets for the first of them. Its
 * files are edited the way an editor saves: by renaming a new file over the old one.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Closer } from '../../kit/lifecycle.ts';

export interface ScaleMeshOptions {
  readonly services: number;
  /** Members of each service. */
  readonly endpoints: number;
  /** How many of the services have a VirtualService and a DestinationRule with two subsets. */
  readonly rules: number;
}

export interface ScaleMesh extends Closer {
  /** Directory for pilot's store. */
  readonly path: string;
  /** Gives the last member of a service another weight; one cluster for each subset it is in has new endpoints. */
  readonly changeEndpoint: (service: number, revision: number) => Promise<Change>;
  /** Gives the subsets of a service other weights; `match` says whose requests go to the second one alone. */
  readonly changeRule: (service: number, revision: number, match?: Match) => Promise<Change>;
}

export interface Match {
  readonly user: string;
  /** Labels of the callers that this is for; all when missing. */
  readonly callers?: Readonly<Record<string, string>>;
}

export interface Change {
  /** When the new file took the place of the old one (ms since the epoch, with fractions). */
  readonly at: number;
  /** How many resources of each type a proxy has to be sent. */
  readonly endpoint: number;
  readonly route: number;
}

/** Writes the mesh to a new temporary directory; closing removes it. */
export async function createScaleMesh(options: ScaleMeshOptions): Promise<ScaleMesh> {
  const root = await mkdtemp(join(tmpdir(), 'composemesh-scale-'));
  const path = join(root, 'config');
  await mkdir(path);
  const write = (file: string, text: string): Promise<void> => writeFile(join(path, file), text);
  for (let service = 0; service < options.services; service += 1) {
    await write(entryFile(service), serviceEntry(service, options.endpoints, 1));
  }
  for (let service = 0; service < options.rules; service += 1) {
    await write(ruleFile(service), virtualService(service, 50));
    await write(`destination-${service}.yaml`, destinationRule(service));
  }
  const replace = async (file: string, text: string): Promise<number> => {
    const fresh = join(root, 'fresh');
    await writeFile(fresh, text);
    const at = performance.timeOrigin + performance.now();
    await rename(fresh, join(path, file));
    return at;
  };
  return {
    path,
    changeEndpoint: async (service, revision) => {
      const text = serviceEntry(service, options.endpoints, 2 + (revision % 100));
      const at = await replace(entryFile(service), text);
      return { at, endpoint: service < options.rules ? 2 : 1, route: 0 };
    },
    changeRule: async (service, revision, match) => {
      const text = virtualService(service, 1 + (revision % 49), match);
      const at = await replace(ruleFile(service), text);
      return { at, endpoint: 0, route: 1 };
    },
    close: () => rm(root, { recursive: true }),
  };
}

/** Address of a member of a service; of the first member there is a proxy. */
export function addressOf(service: number, member: number): string {
  return `10.${member}.${Math.floor(service / 250)}.${(service % 250) + 1}`;
}

/** Full name of a service. */
export function hostOf(service: number): string {
  return `service-${service}.service.consul`;
}

function entryFile(service: number): string {
  return `service-${service}.yaml`;
}

function ruleFile(service: number): string {
  return `rule-${service}.yaml`;
}

function serviceEntry(service: number, members: number, lastWeight: number): string {
  const endpoints = Array.from({ length: members }, (_, member) => [
    `    - address: ${addressOf(service, member)}`,
    `      ports: { http: 8080 }`,
    `      labels: { version: v${(member % 2) + 1} }`,
    `      weight: ${member === members - 1 ? lastWeight : 1}`,
  ]);
  return [
    ...header('ServiceEntry', service),
    `  hosts: [${hostOf(service)}]`,
    '  location: MESH_INTERNAL',
    '  resolution: STATIC',
    '  ports:',
    '    - { number: 80, name: http, protocol: HTTP }',
    '  endpoints:',
    ...endpoints.flat(),
    '',
  ].join('\n');
}

function destinationRule(service: number): string {
  return [
    ...header('DestinationRule', service),
    `  host: ${hostOf(service)}`,
    '  trafficPolicy:',
    '    connectionPool: { http: { http1MaxPendingRequests: 100 } }',
    '  subsets:',
    '    - { name: v1, labels: { version: v1 } }',
    '    - { name: v2, labels: { version: v2 } }',
    '',
  ].join('\n');
}

function virtualService(service: number, weight: number, match: Match = { user: 'jason' }): string {
  const destination = (subset: string): string =>
    `destination: { host: ${hostOf(service)}, subset: ${subset} }`;
  return [
    ...header('VirtualService', service),
    `  hosts: [${hostOf(service)}]`,
    '  http:',
    '    - match:',
    `        - headers: { end-user: { exact: ${match.user} } }`,
    `          sourceLabels: ${JSON.stringify(match.callers ?? {})}`,
    '      route:',
    `        - ${destination('v2')}`,
    '    - route:',
    `        - ${destination('v1')}`,
    `          weight: ${100 - weight}`,
    `        - ${destination('v2')}`,
    `          weight: ${weight}`,
    '      timeout: 3s',
    '      retries: { attempts: 2, perTryTimeout: 1s }',
    '',
  ].join('\n');
}

function header(kind: string, service: number): readonly string[] {
  return [
    'apiVersion: networking.istio.io/v1',
    `kind: ${kind}`,
    'metadata:',
    `  name: service-${service}`,
    '  namespace: default',
    'spec:',
  ];
}
