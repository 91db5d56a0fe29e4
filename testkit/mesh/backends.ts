import { type Closer, Lifecycle } from '../../kit/lifecycle.ts';
import type { ResourceSet, ServiceEntry } from '../../pilot/api/resource.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { Backend, type BackendOptions } from './backend.ts';
import {
  type TestPort,
  type TestService,
  type TestWorkload,
  entryService,
  registerServices,
} from './service.ts';

/** The backends behind the services of a mesh under test, one for each port of each workload. */
export class Backends implements Closer {
  readonly #lifecycle = new Lifecycle();
  readonly #onArrival: BackendOptions['onArrival'];
  /** By address of the backend. */
  readonly #workloads = new Map<string, string>();
  readonly #entries = new Map<ServiceEntry, Promise<ServiceEntry>>();

  constructor(onArrival: BackendOptions['onArrival']) {
    this.#onArrival = onArrival;
  }

  /** Name of the workload whose backend has this ADDRESS:PORT. */
  workloadAt(address: string): string | undefined {
    return this.#workloads.get(address);
  }

  /** Starts the backends of services; gives these as a registry tells of them. */
  async register(services: readonly TestService[]): Promise<readonly RegisteredService[]> {
    const ports = new Map<string, number>();
    const keyOf = ({ name }: TestWorkload, { number }: TestPort): string => `${name}:${number}`;
    await Promise.all(
      services.flatMap((service) =>
        service.workloads.flatMap((workload) =>
          service.ports.map(async (port) => {
            const backend = await this.#startBackend(service, workload, port);
            ports.set(keyOf(workload, port), backend.port);
          }),
        ),
      ),
    );
    return registerServices(services, (workload, port) => ports.get(keyOf(workload, port)) ?? 0);
  }

  /** Puts backends in the place of what ServiceEntries stand for, so that no request leaves this machine. */
  async standIn(rules: ResourceSet): Promise<ResourceSet> {
    return Promise.all(
      rules.map(async (rule) => {
        if (rule.kind !== 'ServiceEntry') return rule;
        const known = this.#entries.get(rule) ?? this.#startEntry(rule);
        this.#entries.set(rule, known);
        return known;
      }),
    );
  }

  async #startEntry(entry: ServiceEntry): Promise<ServiceEntry> {
    const { service, workloads } = entryService(entry);
    const endpoints = await Promise.all(
      workloads.map(async (workload) => {
        const ports = await Promise.all(
          service.ports.map(async (port) => {
            const backend = await this.#startBackend(service, workload, port);
            return [port.name, backend.port] as const;
          }),
        );
        return {
          address: '127.0.0.1',
          labels: workload.labels,
          ports: Object.fromEntries(ports),
        };
      }),
    );
    return { ...entry, spec: { ...entry.spec, resolution: 'STATIC', endpoints } };
  }

  async #startBackend(
    service: Pick<TestService, 'name'>,
    { name: workload, version }: TestWorkload,
    { number: port }: TestPort,
  ): Promise<Backend> {
    const identity = {
      service: service.name,
      workload,
      port,
      ...(version === undefined ? {} : { version }),
    };
    const backend = this.#lifecycle.add(
      await Backend.start({ identity, onArrival: this.#onArrival }),
    );
    this.#workloads.set(`127.0.0.1:${backend.port}`, workload);
    return backend;
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }
}
