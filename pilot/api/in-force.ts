import type { ConfigResource } from './resource.ts';

/**
 * What is stored and served, but changes nothing of what proxies get: the one table that the warnings at
 * apply, the choice of what the model reads, and docs/config-kinds.md come from. A row goes when what it
 * names comes into force; a test compares the table with what the model and the translation read.
 */
export interface Dormant {
  /** Path of the field; [] stands for every item of a list. Missing for the whole kind. */
  readonly path?: string;
  /** Whether a value is concerned; every value without it. */
  readonly when?: (value: unknown) => boolean;
  /** In words, which values are concerned. */
  readonly note?: string;
}

export type Kind = ConfigResource['kind'];

const whole: readonly Dormant[] = [{}];

const exportTo: Dormant = {
  path: 'spec.exportTo',
  when: (value) => !isOnly(value, '*'),
  note: 'other than `*`: everything is seen everywhere',
};

const policyFields: readonly Dormant[] = [
  { path: 'loadBalancer.consistentHash.httpCookie.attributes' },
  { path: 'loadBalancer.backendUtilization' },
  { path: 'loadBalancer.localityLbSetting' },
  { path: 'loadBalancer.zoneAwareLbSetting' },
  { path: 'loadBalancer.warmup.minimumPercent' },
  { path: 'loadBalancer.warmup.aggression' },
  { path: 'connectionPool.http.http2KeepAlive' },
  { path: 'outlierDetection.outlierDetectionHttpErrorCodes' },
  {
    path: 'tls',
    when: (value) => JSON.stringify(value) !== '{"mode":"DISABLE"}',
    note: 'other than mode DISABLE: connections are in plain text',
  },
];

const wholePolicyFields: readonly Dormant[] = [
  ...policyFields,
  ...under('portLevelSettings[]', policyFields),
  { path: 'tunnel' },
  { path: 'proxyProtocol' },
  { path: 'retryBudget' },
];

const otherGateways = {
  when: (value: unknown) => !isOnly(value, 'mesh'),
  note: 'other than `mesh`',
};

export const dormant: Readonly<Record<Kind, readonly Dormant[]>> = {
  VirtualService: [
    { path: 'spec.gateways', ...otherGateways },
    { path: 'spec.http[].match[].gateways', ...otherGateways },
    { path: 'spec.http[].match[].statPrefix' },
    { path: 'spec.http[].delegate' },
    { path: 'spec.http[].retries.retryRemoteLocalities' },
    { path: 'spec.http[].fault.delay.exponentialDelay' },
    { path: 'spec.http[].fault.abort.http2Error' },
    { path: 'spec.tls' },
    { path: 'spec.tcp[].match[].destinationSubnets' },
    { path: 'spec.tcp[].match[].sourceSubnet' },
    { path: 'spec.tcp[].match[].gateways', ...otherGateways },
    exportTo,
  ],
  DestinationRule: [
    ...under('spec.trafficPolicy', wholePolicyFields),
    ...under('spec.subsets[].trafficPolicy', wholePolicyFields),
    exportTo,
    { path: 'spec.workloadSelector' },
  ],
  ServiceEntry: [
    {
      path: 'spec.addresses',
      when: (value) => Array.isArray(value) && (value.length > 1 || value.some(isCidr)),
      note: 'beyond the first one that is no CIDR',
    },
    {
      path: 'spec.location',
      when: (value) => value !== 'MESH_EXTERNAL',
      note: 'MESH_INTERNAL: calls are in plain text to both',
    },
    {
      path: 'spec.resolution',
      when: (value) => value === 'DYNAMIC_DNS',
      note: 'DYNAMIC_DNS: handled as NONE',
    },
    { path: 'spec.endpoints[].network' },
    { path: 'spec.endpoints[].serviceAccount' },
    { path: 'spec.workloadSelector' },
    { path: 'spec.subjectAltNames' },
    exportTo,
  ],
  WorkloadEntry: whole,
  Gateway: whole,
  Sidecar: whole,
  WorkloadGroup: whole,
  EnvoyFilter: whole,
  ProxyConfig: whole,
  PeerAuthentication: whole,
  RequestAuthentication: whole,
  AuthorizationPolicy: whole,
  Telemetry: whole,
  WasmPlugin: whole,
  Secret: whole,
  ConfigMap: whole,
  // A scope for names: there is nothing of it that a proxy could get.
  Namespace: [],
};

function under(prefix: string, rows: readonly Dormant[]): readonly Dormant[] {
  return rows.map((row) => ({ ...row, path: `${prefix}.${row.path ?? ''}` }));
}

function isOnly(value: unknown, wanted: string): boolean {
  return Array.isArray(value) && value.every((item) => item === wanted);
}

function isCidr(address: unknown): boolean {
  return typeof address === 'string' && address.includes('/');
}

/** Whether proxies get something of objects of the kind; the model gets no others. */
export function isInForce(kind: Kind): boolean {
  return kind !== 'Namespace' && dormant[kind].every(({ path }) => path !== undefined);
}
