/** What a mesh on this machine consists of: `cmesh local --json` prints it, pilot serves it at /debug/local. */
export interface LocalView {
  /** Of the process that runs the mesh. */
  readonly pid: number;
  /** Path of the mesh file. */
  readonly file: string;
  /** Base URL of the configuration API. */
  readonly api: string;
  /** Folder of the rules. */
  readonly config: string;
  /** Folder of the logs. */
  readonly logs: string;
  readonly workloads: readonly WorkloadView[];
  readonly ingress: readonly IngressView[];
}

export interface WorkloadView {
  readonly name: string;
  readonly service: string;
  readonly version?: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where callers find it: its sidecar listens there. */
  readonly address: string;
  readonly port: number;
  /** Where the application listens, on 127.0.0.1. */
  readonly appPort: number;
  /** URL of the sidecar's HTTP proxy. */
  readonly proxy: string;
  /** URL of the sidecar's admin interface. */
  readonly admin: string;
  /** Paths of files. */
  readonly accessLog: string;
  readonly log: string;
  /** Whether the application accepts connections. */
  readonly up: boolean;
  /** Of the application's process. */
  readonly pid?: number;
  readonly envoyPid?: number;
}

export interface IngressView {
  readonly service: string;
  readonly url: string;
  readonly admin: string;
  readonly accessLog: string;
  readonly envoyPid?: number;
}
