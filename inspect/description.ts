/** What `cmesh describe` says of a service or a workload: data, which is shown as text or given to other programs. */
import type { Problem } from '../kit/problem.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import type { Instance } from '../pilot/model/mesh.ts';
import type { Endpoint, Handling, Service, ServicePort } from '../pilot/model/service.ts';
import type { Share } from './rule-words.ts';

export interface DescribedService extends Omit<Service, 'ports'> {
  /** Names by which callers reach it. */
  readonly names: readonly string[];
  readonly ports: readonly DescribedPort[];
  readonly workloads: readonly DescribedEndpoint[];
  readonly destinationRule?: DescribedDestinationRule;
  /** In the order in which they are tried. */
  readonly rules: readonly DescribedRule[];
  /** Where callers from outside come in. */
  readonly ingress: readonly string[];
  readonly problems: readonly Problem[];
}

export interface DescribedPort extends ServicePort {
  /** Who said the protocol, or what happens without. */
  readonly from: string;
  readonly handling: Handling;
}

export interface DescribedEndpoint extends Pick<Endpoint, 'address' | 'port' | 'labels'> {
  /** Of the workload, where a proxy is connected. */
  readonly proxy?: string;
  readonly subsets: readonly string[];
  /** Whether its proxy has all that it is to have. */
  readonly synced?: boolean;
}

export interface DescribedDestinationRule {
  readonly resource: string;
  /** The fields of its traffic policy. */
  readonly policy: readonly string[];
  readonly subsets: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly policy: readonly string[];
    /** Places, of those that get calls. */
    readonly endpoints: readonly string[];
  }[];
  /** Others for the same host, which have no effect on it. */
  readonly shadowed: readonly string[];
}

export interface DescribedRule {
  readonly resource: string;
  readonly path: string;
  readonly name?: string;
  /** One of them must hold; none when it takes everything. */
  readonly matches: readonly string[];
  readonly shares: readonly Share[];
  readonly actions: readonly string[];
}

export interface DescribedWorkload extends Pick<ProxySync, 'namespace' | 'address' | 'labels'> {
  readonly name: string;
  readonly proxy: Pick<ProxySync, 'connectedAt' | 'synced'> & {
    readonly program?: string;
    readonly agent?: string;
    readonly refuses: readonly string[];
  };
  readonly services: readonly DescribedMembership[];
  /** Resources that select it by its labels. */
  readonly selectedBy: readonly { readonly resource: string; readonly inForce: boolean }[];
  readonly problems: readonly Problem[];
}

/** What a workload is for one service. */
export interface DescribedMembership
  extends Pick<Instance, 'hostname' | 'port'>, Pick<DescribedPort, 'protocol' | 'from'> {
  readonly servicePort: number;
  /** Whether it gets calls. */
  readonly up: boolean;
  readonly subsets: readonly string[];
  /** The rules that lead to it, with their shares. */
  readonly rules: readonly {
    readonly resource: string;
    readonly path: string;
    readonly share: Share;
  }[];
}
