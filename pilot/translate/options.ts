/** Settings of the whole mesh that translation reads. */
export interface MeshOptions {
  readonly tracing?: TracingOptions;
}

export interface TracingOptions {
  /** Where the Zipkin collector listens. */
  readonly address: string;
  readonly port: number;
  /** Percent of requests, 0–100. */
  readonly sampling: number;
}
