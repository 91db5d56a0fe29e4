/** The members of one EDS cluster. */
export interface EndpointSet {
  readonly cluster: string;
  /** Sorted by locality. */
  readonly localities: readonly LocalityEndpoints[];
}

export interface LocalityEndpoints {
  /** region/zone/subzone; absent when the members have none. */
  readonly locality?: string;
  /** Sorted by address and port. */
  readonly endpoints: readonly ClusterMember[];
}

export interface ClusterMember {
  /** An IP address, or `unix://` and the path of a socket. */
  readonly address: string;
  readonly port: number;
  readonly weight?: number;
}
