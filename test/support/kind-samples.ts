/** What is done with each kind. */
export interface Sample {
  readonly body: object;
  /** What `kubectl get` prints, its words separated by one space. */
  readonly table: string;
  /** A field for `kubectl explain`. */
  readonly explained: string;
}

const ref = { host: 'reviews' };
const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };

const onlyAge = 'NAME AGE one AGE';

/** A valid object of each kind, without its metadata. */
export const samples: Readonly<Record<string, Sample>> = {
  VirtualService: {
    body: { spec: { hosts: ['reviews'], http: [{ route: [{ destination: ref }] }] } },
    table: 'NAME GATEWAYS HOSTS AGE one ["reviews"] AGE',
    explained: 'spec.http.route.destination.host',
  },
  DestinationRule: {
    body: { spec: { host: 'reviews' } },
    table: 'NAME HOST AGE one reviews AGE',
    explained: 'spec.subsets.labels',
  },
  ServiceEntry: {
    body: { spec: { hosts: ['a.example.com'], location: 'MESH_EXTERNAL', resolution: 'DNS' } },
    table: 'NAME HOSTS LOCATION RESOLUTION AGE one ["a.example.com"] MESH_EXTERNAL DNS AGE',
    explained: 'spec.ports.targetPort',
  },
  WorkloadEntry: {
    body: { spec: { address: '10.0.0.1' } },
    table: 'NAME AGE ADDRESS one AGE 10.0.0.1',
    explained: 'spec.locality',
  },
  Gateway: {
    body: { spec: { selector: { istio: 'ingressgateway' }, servers: [server] } },
    table: onlyAge,
    explained: 'spec.servers.tls.credentialName',
  },
  Sidecar: {
    body: { spec: { egress: [{ hosts: ['./*'] }] } },
    table: onlyAge,
    explained: 'spec.egress.hosts',
  },
  WorkloadGroup: {
    body: { spec: { template: { serviceAccount: 'sa' } } },
    table: onlyAge,
    explained: 'spec.probe.httpGet.path',
  },
  EnvoyFilter: {
    body: { spec: { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'REMOVE' } }] } },
    table: onlyAge,
    explained: 'spec.configPatches.patch.value',
  },
  ProxyConfig: {
    body: { spec: { concurrency: 1 } },
    table: onlyAge,
    explained: 'spec.image.imageType',
  },
  PeerAuthentication: {
    body: { spec: { mtls: { mode: 'STRICT' } } },
    table: 'NAME MODE AGE one STRICT AGE',
    explained: 'spec.portLevelMtls',
  },
  RequestAuthentication: {
    body: { spec: { jwtRules: [{ issuer: 'a', jwksUri: 'https://example.com/keys' }] } },
    table: onlyAge,
    explained: 'spec.jwtRules.fromHeaders.prefix',
  },
  AuthorizationPolicy: {
    body: { spec: { action: 'DENY', rules: [{}] } },
    table: 'NAME ACTION AGE one DENY AGE',
    explained: 'spec.rules.from.source.principals',
  },
  Telemetry: {
    body: { spec: { tracing: [{ randomSamplingPercentage: 10 }] } },
    table: onlyAge,
    explained: 'spec.metrics.overrides.tagOverrides',
  },
  WasmPlugin: {
    body: { spec: { url: 'oci://example.com/plugin:v1' } },
    table: onlyAge,
    explained: 'spec.vmConfig.env.valueFrom',
  },
  Secret: {
    body: { stringData: { password: 'secret' } },
    table: 'NAME TYPE DATA AGE one Opaque 1 AGE',
    explained: 'stringData',
  },
  ConfigMap: {
    body: { data: { a: 'b', c: 'd' } },
    table: 'NAME DATA AGE one 2 AGE',
    explained: 'binaryData',
  },
  Namespace: {
    body: {},
    table: 'NAME STATUS AGE default Active AGE istio-system Active AGE one Active AGE',
    explained: 'spec.finalizers',
  },
};
