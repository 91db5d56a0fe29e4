import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { findKind } from '../../pilot/api/kinds.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { Snapshot } from '../../pilot/xds/resource.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { Delivery } from '../support/delivery.ts';
import { type InstanceFixture, catalogOf, resourcesOf } from '../support/mesh-fixture.ts';
import { freePort } from '../support/ports.ts';
import { RealEnvoy, type RunningConfig } from '../support/real-envoy.ts';
import { checkSnapshot } from '../support/snapshot-check.ts';
import { until } from '../support/until.ts';

const scenarios = join(import.meta.dirname, '../scenarios');
const networking = join(import.meta.dirname, '../../samples/bookinfo/networking');

/** What an Envoy that was given the snapshot is to run. */
function expected(snapshot: Snapshot): RunningConfig {
  const names = (type: keyof Snapshot): readonly string[] =>
    [...snapshot[type].resources.keys()].toSorted();
  return {
    clusters: names('cluster'),
    endpoints: names('endpoint'),
    listeners: names('listener'),
    routes: names('route'),
    unsettled: [],
  };
}

/** What the Envoy runs; of its endpoints only those that pilot sends. */
async function actual(envoy: RealEnvoy, snapshot: Snapshot): Promise<RunningConfig> {
  const running = await envoy.running();
  const sent = snapshot.endpoint.resources;
  return { ...running, endpoints: running.endpoints.filter((name) => sent.has(name)) };
}

async function assertAccepted(
  delivery: Delivery,
  envoy: RealEnvoy,
  snapshot: Snapshot,
): Promise<void> {
  // A listener that goes keeps its routes until its connections are drained.
  await until(
    'listeners to drain',
    async () => (await envoy.stat('listener_manager.total_listeners_draining')) === 0,
  );
  const stats = await envoy.stats('(update_rejected|warming_clusters|listeners_warming)$');
  const { types } = delivery.ads.counters();
  assert.deepEqual(
    {
      running: await actual(envoy, snapshot),
      broken: checkSnapshot(snapshot),
      refused: [...stats].filter(([, value]) => value > 0),
      rejections: Object.values(types).map(({ rejections }) => rejections),
      complaints: envoy.complaints(),
      log: delivery.log.lines,
    },
    {
      running: expected(snapshot),
      broken: [],
      refused: [],
      rejections: [0, 0, 0, 0],
      complaints: [],
      log: [],
    },
  );
}

interface Scenario {
  readonly instances: readonly InstanceFixture[];
  readonly proxies: Readonly<Record<string, { readonly address: string } & Partial<NodeMetadata>>>;
}

describe('a real Envoy accepts', () => {
  describe('every scenario, as', () => {
    for (const name of readdirSync(scenarios)) {
      const read = (file: string): string => {
        const path = join(scenarios, name, file);
        return existsSync(path) ? readFileSync(path, 'utf8') : '';
      };
      const { instances, proxies } = parse(read('mesh.yaml')) as Scenario;

      for (const [proxyName, { address, ...given }] of Object.entries(proxies)) {
        it(`${proxyName} of ${name}`, async () => {
          const metadata =
            given.httpProxyPort === undefined
              ? given
              : { ...given, httpProxyPort: await freePort() };
          const delivery = new Delivery();
          try {
            const pilot = await delivery.ads.listen('127.0.0.1:0');
            delivery.pipeline.start();
            await delivery.use(catalogOf(instances), resourcesOf(read('resources.yaml')));
            const envoy = delivery.add(await RealEnvoy.start({ pilot, address, metadata }));
            await delivery.ads.whenSynced();
            const snapshot = await delivery.snapshotFor(address, metadata);
            await assertAccepted(delivery, envoy, snapshot);
          } finally {
            await delivery.close();
          }
        });
      }
    }
  });

  describe('on one stream, one after the other,', () => {
    const address = '10.0.0.1';
    const { instances } = parse(
      readFileSync(join(scenarios, 'bookinfo-jason/mesh.yaml'), 'utf8'),
    ) as Scenario;
    const subsets = read('destination-rule-all.yaml');
    const files = readdirSync(networking).filter((file) => file.endsWith('.yaml'));
    let delivery: Delivery;
    let envoy: RealEnvoy;
    let metadata: Partial<NodeMetadata>;

    /** The resources of a file that pilot serves: gateways are not. */
    function read(file: string): ResourceSet {
      const documents = parseAllDocuments(readFileSync(join(networking, file), 'utf8'));
      const served = documents.filter((document) => {
        const { apiVersion, kind } = document.toJS() as Readonly<Record<string, string>>;
        return findKind(apiVersion ?? '', kind ?? '') !== undefined;
      });
      return resourcesOf(served.map(String).join('---\n'));
    }

    /** Later resources replace earlier ones of the same name, as `kubectl apply` does. */
    function apply(...sets: readonly ResourceSet[]): ResourceSet {
      const byKey = new Map(
        sets.flat().map((resource) => [`${resource.kind} ${resource.key.name}`, resource]),
      );
      return [...byKey.values()];
    }

    before(async () => {
      delivery = new Delivery();
      metadata = { httpProxyPort: await freePort() };
      const pilot = await delivery.ads.listen('127.0.0.1:0');
      delivery.pipeline.start();
      await delivery.use(catalogOf(instances), []);
      envoy = delivery.add(await RealEnvoy.start({ pilot, address, metadata }));
    });

    after(() => delivery.close());

    const states: Readonly<Record<string, ResourceSet>> = {
      'no rule': [],
      ...Object.fromEntries(files.map((file) => [file, read(file)])),
      ...Object.fromEntries(
        files.map((file) => [`subsets and ${file}`, apply(subsets, read(file))]),
      ),
      'all files': apply(...files.map(read)),
      'all files the other way round': apply(...files.toReversed().map(read)),
      'no rule again': [],
    };
    for (const [name, resources] of Object.entries(states)) {
      it(name, async () => {
        await delivery.use(catalogOf(instances), resources);
        await assertAccepted(delivery, envoy, await delivery.snapshotFor(address, metadata));
      });
    }

    it('every service gone, and back', async () => {
      for (const services of [[], catalogOf(instances)]) {
        await delivery.use(services, subsets);
        await assertAccepted(delivery, envoy, await delivery.snapshotFor(address, metadata));
      }
    });
  });
});
