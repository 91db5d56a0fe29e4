import { systemClock } from '../../kit/clock.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { AdsServer } from '../../pilot/ads/server.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { Pipeline } from '../../pilot/push/pipeline.ts';
import type { MeshOptions } from '../../pilot/translate/options.ts';
import type { Snapshot } from '../../pilot/xds/resource.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { proxyAt } from './mesh-fixture.ts';
import { recordLog } from './recorded-log.ts';

/** The domain of the mesh that a Delivery serves. */
export const meshDomain = 'service.consul';

/** What the mesh of a Delivery is told about itself. */
export const meshOptions: MeshOptions = {
  tracing: { address: 'localhost', port: 9411, sampling: 100 },
};

/** From cells that a test writes to the streams of real Envoys. */
export class Delivery extends Lifecycle {
  readonly catalog = new WatchedCell<readonly RegisteredService[]>();
  readonly resources = new WatchedCell<ResourceSet>();
  readonly log = recordLog();
  readonly pipeline = this.add(
    new Pipeline({
      catalog: this.catalog,
      resources: this.resources,
      domain: meshDomain,
      mesh: meshOptions,
      clock: systemClock,
      log: this.log,
    }),
  );
  readonly ads = this.add(new AdsServer({ source: this.pipeline, log: this.log }));

  /** Makes this the mesh, and waits until every connected Envoy has answered for all of it. */
  async use(catalog: readonly RegisteredService[], resources: ResourceSet): Promise<void> {
    this.catalog.set([...catalog]);
    this.resources.set([...resources]);
    this.pipeline.flush();
    await this.ads.whenSynced();
  }

  snapshotFor(address: string, metadata: Partial<NodeMetadata>): Promise<Snapshot> {
    return new Promise((resolve) => {
      const connection = this.pipeline.connect(proxyAt(address, metadata), (snapshot) => {
        resolve(snapshot);
        queueMicrotask(() => void connection.close());
      });
    });
  }
}
