import type { DestinationRuleSpec } from '../api/destination-rule-schema.ts';
import type { VirtualServiceSpec } from '../api/virtual-service-schema.ts';
import type { Endpoint, Service, ServicePort } from './service.ts';

/**
 * All that translation knows: immutable, derived whole from the registries and the config store. A part
 * that did not change keeps its identity from one mesh to the next, so that later stages can tell.
 */
export interface Mesh {
  /** By host name, sorted. */
  readonly services: ReadonlyMap<string, Service>;
  /** By host name. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** In order of precedence: the first rule for a host wins. */
  readonly virtualServices: readonly Rule<VirtualServiceSpec>[];
  /** In order of precedence. */
  readonly destinationRules: readonly Rule<DestinationRuleSpec>[];
  /** Names of the labels that rules match with sourceLabels. */
  readonly askedLabels: ReadonlySet<string>;
  /** What is served at an address. */
  readonly workloads: ReadonlyMap<string, Workload>;
}

export interface Rule<Spec> {
  readonly namespace: string;
  readonly name: string;
  /** Full names of the services it is about. */
  readonly hosts: readonly string[];
  readonly spec: Spec;
}

/** The instances of services that share an address, and so a proxy. */
export interface Workload {
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Sorted by port. */
  readonly instances: readonly Instance[];
}

export interface Instance {
  readonly hostname: string;
  readonly servicePort: ServicePort;
  /** Port on which the workload serves. */
  readonly port: number;
}

export const emptyMesh: Mesh = {
  services: new Map(),
  endpoints: new Map(),
  virtualServices: [],
  destinationRules: [],
  askedLabels: new Set(),
  workloads: new Map(),
};
