import { type Closer, Lifecycle } from '../../kit/lifecycle.ts';
import { isInForce } from '../../pilot/api/in-force.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { buildMesh } from '../../pilot/model/build.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { SnapshotFactory } from '../../pilot/push/snapshots.ts';
import type { Snapshot } from '../../pilot/xds/resource.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { Delivery, meshDomain, meshOptions } from '../support/delivery.ts';
import { proxyAt } from '../support/mesh-fixture.ts';
import { RealEnvoy } from '../support/real-envoy.ts';
import { checkSnapshot } from '../support/snapshot-check.ts';
import { GrpcJudge } from './grpc-judge.ts';
import { HollowDns } from './hollow-dns.ts';

export interface Caller {
  readonly address: string;
  readonly metadata: Partial<NodeMetadata>;
}

export interface JudgeOptions {
  readonly catalog: readonly RegisteredService[];
  /** Each has a real Envoy. */
  readonly callers: readonly Caller[];
  /** A program without a proxy: gRPC's own client judges what it is given. */
  readonly proxyless: Caller;
}

/** How long (ms) an Envoy may take over a set: far more than it needs, so that only one that hangs takes longer. */
const patience = 30_000;

/** Real Envoys on one ADS server, which say of one set of resources after the other what they think of it. */
export class EnvoyJudge implements Closer {
  readonly #options: JudgeOptions;
  #bench: Bench;

  private constructor(options: JudgeOptions, bench: Bench) {
    this.#options = options;
    this.#bench = bench;
  }

  static async start(options: JudgeOptions): Promise<EnvoyJudge> {
    return new EnvoyJudge(options, await Bench.start(options));
  }

  /** What is wrong with what the mesh makes of these resources; empty when nothing is. */
  async judge(resources: readonly ConfigResource[]): Promise<readonly string[]> {
    const found = await this.#bench.deliver(resources.filter(({ kind }) => isInForce(kind)));
    // What was refused stands in the way of the next set: that is judged by new Envoys.
    if (found.length > 0) await this.#renew();
    return found;
  }

  /** What is not in force although it was accepted, at the end of all sets. */
  unsettled(): Promise<readonly string[]> {
    return this.#bench.unsettled();
  }

  close(): Promise<void> {
    return this.#bench.close();
  }

  async #renew(): Promise<void> {
    await this.#bench.close();
    this.#bench = await Bench.start(this.#options);
  }
}

class Bench extends Lifecycle {
  readonly #options: JudgeOptions;
  readonly #delivery = this.add(new Delivery());
  /** What pilot last gave a caller, by address. */
  readonly #given = new Map<string, Snapshot>();
  readonly #grpc = new GrpcJudge();
  #envoys: readonly RealEnvoy[] = [];

  private constructor(options: JudgeOptions) {
    super();
    this.#options = options;
  }

  static async start(options: JudgeOptions): Promise<Bench> {
    const bench = new Bench(options);
    try {
      await bench.#start();
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  get #callers(): readonly Caller[] {
    return [...this.#options.callers, this.#options.proxyless];
  }

  async #start(): Promise<void> {
    for (const { address, metadata } of this.#callers) {
      const connection = this.#delivery.pipeline.connect(proxyAt(address, metadata), (snapshot) =>
        this.#given.set(address, snapshot),
      );
      this.add(connection);
    }
    const dns = this.add(await HollowDns.start());
    const pilot = await this.#delivery.ads.listen('127.0.0.1:0');
    this.#delivery.pipeline.start();
    await this.#delivery.use(this.#options.catalog, []);
    this.#envoys = await Promise.all(
      this.#options.callers.map(async ({ address, metadata }) =>
        this.add(await RealEnvoy.start({ pilot, address, metadata, dns: dns.port })),
      ),
    );
    await this.#delivery.ads.whenSynced();
  }

  /** What the Envoys say of the resources, what pilot logs about them, and what does not hold together. */
  async deliver(resources: readonly ConfigResource[]): Promise<readonly string[]> {
    const delivered = this.#delivery.use(this.#options.catalog, resources).then(() => []);
    const refused = await this.#unlessRefused(delivered);
    const complaints = this.#envoys
      .flatMap((envoy) => envoy.complaints())
      .filter((line) => line.includes('rejected'));
    const found = [
      ...refused,
      ...this.#refusedByGrpc(),
      ...this.#delivery.log.lines,
      ...complaints,
    ];
    return found.length > 0
      ? found
      : this.#callers.flatMap((caller) => this.#rebuild(caller, resources));
  }

  #refusedByGrpc(): readonly string[] {
    const snapshot = this.#given.get(this.#options.proxyless.address);
    return snapshot === undefined ? [] : this.#grpc.judge(snapshot);
  }

  /**
   * What pilot made step by step, from one set to the next, is what it makes of this set alone, whatever the order;
   * and it is whole.
   */
  #rebuild({ address, metadata }: Caller, resources: readonly ConfigResource[]): readonly string[] {
    const inputs = {
      catalog: this.#options.catalog,
      resources: resources.toReversed(),
      domain: meshDomain,
    };
    const mesh = buildMesh(inputs);
    const factory = new SnapshotFactory(meshOptions);
    const [snapshot] = factory.build(mesh, [proxyAt(address, metadata)]);
    const given = this.#given.get(address);
    return snapshot === undefined || given === undefined
      ? [`${address} was given nothing`]
      : [...checkSnapshot(snapshot), ...differences(given, snapshot)];
  }

  async unsettled(): Promise<readonly string[]> {
    const running = await Promise.all(this.#envoys.map((envoy) => envoy.running()));
    return running.flatMap(({ unsettled }) => unsettled);
  }

  /** A stream whose client has refused something may never be in sync again, so refusals are looked for meanwhile. */
  async #unlessRefused(delivered: Promise<readonly string[]>): Promise<readonly string[]> {
    let looking: ReturnType<typeof setInterval> | undefined;
    const deadline = Date.now() + patience;
    const refused = new Promise<readonly string[]>((resolve) => {
      looking = setInterval(() => {
        const found = this.#refusals();
        if (found.length > 0) resolve(found);
        else if (Date.now() > deadline) resolve([`no answer for ${patience} ms`]);
      }, 20);
    });
    const first = await Promise.race([delivered, refused]);
    clearInterval(looking);
    return first.length > 0 ? first : this.#refusals();
  }

  #refusals(): readonly string[] {
    return this.#delivery.ads
      .status()
      .flatMap(({ node, types }) =>
        Object.entries(types).flatMap(([type, { rejection }]) =>
          rejection === undefined ? [] : [`${node.text} refuses ${type}: ${rejection.text}`],
        ),
      );
  }
}

/** Names of resources that are not the same in both. */
function differences(left: Snapshot, right: Snapshot): readonly string[] {
  return (Object.keys(left) as (keyof Snapshot)[]).flatMap((type) => {
    const [before, after] = [left[type].resources, right[type].resources];
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => before.get(name)?.version !== after.get(name)?.version)
      .map(
        (name) => `${type} ${name} depends on what was before, or on the order of the resources`,
      );
  });
}
