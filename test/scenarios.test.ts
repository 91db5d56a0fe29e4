import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Message, fromBinary, toJson } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { parse, stringify } from 'yaml';
import { analyze } from '../pilot/analysis/analysis.ts';
import { buildMesh } from '../pilot/model/build.ts';
import type { Mesh } from '../pilot/model/mesh.ts';
import { viewOf } from '../pilot/model/proxy.ts';
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
} from '../pilot/proto/messages.ts';
import { registry } from '../pilot/proto/registry.ts';
import { SharedConfig } from '../pilot/push/shared-config.ts';
import { SnapshotFactory } from '../pilot/push/snapshots.ts';
import type { MeshOptions } from '../pilot/translate/options.ts';
import { ownOf, translateOwn } from '../pilot/translate/own.ts';
import type { Bundle, Snapshot } from '../pilot/xds/resource.ts';
import { matchGolden } from './support/golden.ts';
import { type InstanceFixture, catalogOf, proxyAt, resourcesOf } from './support/mesh-fixture.ts';
import { checkSnapshot } from './support/snapshot-check.ts';

/**
 * One folder for each case: mesh.yaml and resources.yaml go in, the mesh, the IR and the xDS of each proxy come
 * out. UPDATE_GOLDEN=1 writes what comes out, to be read before it is committed.
 */
const folder = join(import.meta.dirname, 'scenarios');

interface Scenario {
  readonly instances: readonly InstanceFixture[];
  readonly proxies: Readonly<
    Record<
      string,
      {
        readonly address: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly httpProxyPort?: number;
      }
    >
  >;
}

const options: MeshOptions = { tracing: { address: 'zipkin', port: 9411, sampling: 100 } };

describe('scenarios: from registries and rules to xDS', () => {
  for (const name of readdirSync(folder)) {
    const path = (file: string): string => join(folder, name, file);
    const scenario = parse(readFileSync(path('mesh.yaml'), 'utf8')) as Scenario;
    const rules = existsSync(path('resources.yaml'))
      ? readFileSync(path('resources.yaml'), 'utf8')
      : '';
    const services = catalogOf(scenario.instances);
    const resources = resourcesOf(rules);
    const domain = 'service.consul';
    const mesh = buildMesh({ catalog: services, resources, domain });
    const problems = analyze(resources, { domain, services });

    it(`${name}: the mesh`, () => {
      matchGolden(path('mesh.golden.yaml'), stringify({ ...readable(mesh), problems }));
    });

    for (const [index, [proxyName, { address, ...metadata }]] of Object.entries(
      scenario.proxies,
    ).entries()) {
      const proxy = proxyAt(address, metadata);
      it(`${name}: the IR of ${proxyName}`, () => {
        const workload = mesh.workloads.get(proxy.id.address);
        const view = viewOf(proxy, workload, mesh.askedLabels);
        const outbound = new SharedConfig(view, options).translate(mesh);
        const ir = { view, outbound, own: translateOwn(ownOf(proxy, workload), options) };
        matchGolden(
          path(`ir.${proxyName}.golden.yaml`),
          stringify(ir, { aliasDuplicateObjects: false }),
        );
      });

      it(`${name}: the xDS of ${proxyName}`, () => {
        const [snapshot] = new SnapshotFactory(options).build(mesh, [proxy]);
        assert.ok(snapshot);
        assert.deepEqual(checkSnapshot(snapshot), []);
        // The bytes follow from the IR, so those of one proxy are enough to read.
        if (index > 0) return;
        matchGolden(path(`xds.${proxyName}.golden.yaml`), stringify(decodeSnapshot(snapshot)));
      });
    }
  }
});

function readable(mesh: Mesh): Record<string, unknown> {
  return {
    services: Object.fromEntries(mesh.services),
    endpoints: Object.fromEntries(mesh.endpoints),
    rules: [...mesh.virtualServices, ...mesh.destinationRules].map(
      ({ namespace, name, hosts }) => ({
        namespace,
        name,
        hosts,
      }),
    ),
    workloads: Object.fromEntries(mesh.workloads),
  };
}

function decodeSnapshot(snapshot: Snapshot): Record<string, unknown> {
  return {
    clusters: decode(ClusterSchema, snapshot.cluster),
    endpoints: decode(ClusterLoadAssignmentSchema, snapshot.endpoint),
    listeners: decode(ListenerSchema, snapshot.listener),
    routes: decode(RouteConfigurationSchema, snapshot.route),
  };
}

function decode<T extends Message>(schema: GenMessage<T>, bundle: Bundle): readonly unknown[] {
  return [...bundle.resources.values()].map(({ value }) =>
    toJson(schema, fromBinary(schema, value), { registry, useProtoFieldName: true }),
  );
}
