import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { isInForce } from '../../pilot/api/in-force.ts';
import type { KindDefinition } from '../../pilot/api/kind.ts';
import { formatApiVersion, kinds } from '../../pilot/api/kinds.ts';
import { startApiServer, type ApiServer } from '../support/api-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { createKubectl, findKubectls, type Kubectl } from '../support/kubectl.ts';

/** What is done with each kind. */
interface Sample {
  readonly body: object;
  /** What `kubectl get` prints, its words separated by one space. */
  readonly table: string;
  /** A field for `kubectl explain`. */
  readonly explained: string;
}

const ref = { host: 'reviews' };
const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };

const onlyAge = 'NAME AGE one AGE';

const samples: Readonly<Record<string, Sample>> = {
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
};

function yamlOf({ kind, group, versions }: KindDefinition, version = versions[0]): string {
  const apiVersion = formatApiVersion(group, version ?? '');
  return stringify({ apiVersion, kind, metadata: { name: 'one' }, ...samples[kind]?.body });
}

function withVersion({ plural, group }: KindDefinition, version: string): string {
  return group === '' ? plural : `${plural}.${version}.${group}`;
}

function fullName({ singular, group }: KindDefinition): string {
  return group === '' ? singular : `${singular}.${group}`;
}

for (const binary of await findKubectls()) {
  describe(`every kind through ${basename(binary)}`, () => {
    let api: ApiServer;
    let home: TemporaryFolder;
    let kubectl: Kubectl;

    before(async () => {
      home = await makeTemporaryFolder();
      api = await startApiServer();
      kubectl = createKubectl(binary, api.url, home.path);
    });
    after(async () => {
      await api.close();
      await home.remove();
    });

    /** Standard output and warnings of a command that must succeed. */
    async function run(args: string, input?: string): Promise<readonly [string, string]> {
      const result = await kubectl(args.split(' '), input === undefined ? {} : { input });
      assert.equal(result.code, 0, `kubectl ${args}: ${result.stderr}`);
      return [result.stdout.trim(), result.stderr.trim()];
    }

    for (const definition of kinds) {
      const { kind, plural, singular, shortNames, versions } = definition;
      it(`applies, shows, explains and deletes ${kind}`, async () => {
        const full = fullName(definition);
        const dormant = `Warning: kind: ${kind} is stored, but not yet in force: proxies get nothing of it`;
        const applied = await run('apply -f -', yamlOf(definition));
        const [table] = await run(`get ${shortNames[0] ?? singular}`);
        const [explained] = await run(`explain ${plural}.${samples[kind]?.explained ?? ''}`);
        const served = [];
        for (const version of versions) {
          const [yaml] = await run(`get ${withVersion(definition, version)} one -o yaml`);
          served.push(/^apiVersion: (.*)$/m.exec(yaml)?.[1]);
        }
        const [deleted] = await run(`delete ${full} one`);
        assert.match(explained, new RegExp(`KIND: +${kind}\n[^]*\nDESCRIPTION:`));
        assert.deepEqual(
          [
            applied,
            table
              .replace(/\b\d+s\b/g, 'AGE')
              .split(/\s+/)
              .join(' '),
            served,
            deleted,
          ],
          [
            [`${full}/one created`, isInForce(kind) ? '' : dormant],
            samples[kind]?.table,
            versions.map((version) => formatApiVersion(definition.group, version)),
            `${full} "one" deleted`,
          ],
        );
      });
    }

    it('changes the data of a Secret', async () => {
      const secret = kinds.find(({ kind }) => kind === 'Secret')!;
      const yaml = yamlOf(secret);
      await run('apply -f -', yaml);
      await run('apply -f -', yaml.replace('password: secret', 'token: other'));
      const [data] = await run('get secret one -o jsonpath={.data}');
      await run('delete secret one');
      assert.equal(data.includes('"token":"b3RoZXI="'), true);
    });
  });
}
