/** What `cmesh describe` says of a service or a workload: data, which is shown as text or given to other programs. */
import type { Problem } from '../kit/problem.ts';
import type { Share } from './rule-words.ts';

export interface DescribedService {
  readonly hostname: string;
  readonly namespace: string;
  /** Names by which callers reach it. */
  readonly names: readonly string[];
  /** The virtual address. */
  readonly address: string;
  readonly resolution: string;
  readonly ports: readonly DescribedPort[];
  readonly workloads: readonly DescribedEndpoint[];
  readonly destinationRule?: DescribedDestinationRule;
  /** In the order in which they are tried. */
  readonly rules: readonly DescribedRule[];
  /** Where callers from outside come in. */
  readonly ingress: readonly string[];
  readonly problems: readonly Problem[];
}

export interface DescribedPort {
  readonly number: number;
  readonly name: string;
  /** Missing where nobody said. */
  readonly protocol?: string;
  /** Who said so, or what happens without. */
  readonly from: string;
  /** Whether requests are routed, or bytes passed on. */
  readonly handling: 'http' | 'tcp';
}

export interface DescribedEndpoint {
  /** Of the workload, where a proxy is connected. */
  readonly proxy?: string;
  readonly address: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
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

export interface DescribedWorkload {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly proxy: {
    readonly program?: string;
    readonly agent?: string;
    readonly connectedAt: string;
    readonly synced: boolean;
    readonly refuses: readonly string[];
  };
  readonly services: readonly DescribedMembership[];
  /** Resources that select it by its labels. */
  readonly selectedBy: readonly { readonly resource: string; readonly inForce: boolean }[];
  readonly problems: readonly Problem[];
}

/** What a workload is for one service. */
export interface DescribedMembership {
  readonly hostname: string;
  readonly servicePort: number;
  readonly port: number;
  readonly protocol?: string;
  readonly from: string;
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
