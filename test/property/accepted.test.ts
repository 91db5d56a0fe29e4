import assert from 'node:assert/strict';
import fc, { type RunDetails } from 'fast-check';
import { stringify } from 'yaml';
import { decodeObject } from '../../pilot/api/decode.ts';
import { dormant, isInForce } from '../../pilot/api/in-force.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { type InstanceFixture, catalogOf } from '../support/mesh-fixture.ts';
import { freePort } from '../support/ports.ts';
import { type Written, configSets } from './config-arbitrary.ts';
import { type Caller, EnvoyJudge } from './envoy-judge.ts';
import { formatRerun, readPropertyOptions } from './property-options.ts';
import { repairs } from './repairs.ts';

const options = readPropertyOptions(2000);

/** What the sets of resources are about: one service of every way that ports are handled. */
const registry: readonly InstanceFixture[] = [
  ...['v1', 'v2', 'v3'].map((version, index) => ({
    service: 'reviews',
    address: `10.0.0.${index + 1}`,
    port: 9080,
    version,
    protocol: 'http',
  })),
  { service: 'ratings', address: '10.0.0.5', port: 9080, version: 'v1', protocol: 'http' },
  { service: 'db', address: '10.0.0.6', port: 3306, protocol: 'mysql' },
  { service: 'chat', address: '10.0.0.7', port: 7070, protocol: 'grpc' },
  { service: 'plain', address: '10.0.0.8', port: 8080 },
];

/** How many objects the validation has accepted, of the kinds that proxies get something of. */
class Acceptance {
  #all = 0;
  #accepted = 0;

  accept(written: readonly Written[]): readonly ConfigResource[] {
    return written.flatMap((object) => {
      const decoded = decodeObject(object, 'Strict');
      if (repairs[object.kind] !== undefined) {
        this.#all += 1;
        if (decoded.ok) this.#accepted += 1;
      }
      return decoded.ok ? [decoded.resource] : [];
    });
  }

  get share(): number {
    return this.#accepted / Math.max(1, this.#all);
  }

  toString(): string {
    const percent = Math.round(this.share * 100);
    return `${this.#accepted} of ${this.#all} objects (${percent} %) were valid`;
  }
}

/** The callers that an Envoy stands for. */
async function callersOf(): Promise<readonly Caller[]> {
  const metadata = {
    labels: { version: 'v1', app: 'reviews' },
    httpProxyPort: await freePort(),
  };
  return [{ address: '10.0.0.1', metadata }];
}

/** Callers whose configuration is made of every set too, and that no Envoy can be at the same time. */
const others: readonly Caller[] = [
  {
    address: '10.0.0.5',
    metadata: {
      namespace: 'other',
      interceptionMode: 'NONE',
      ingress: [{ bind: '127.0.0.1', port: 80, host: 'reviews.service.consul', servicePort: 9080 }],
    },
  },
  { address: '10.0.0.7', metadata: { generator: 'grpc' } },
];

describe('a real Envoy accepts', () => {
  let judge: EnvoyJudge;
  const acceptance = new Acceptance();

  before(async () => {
    const callers = await callersOf();
    judge = await EnvoyJudge.start({ catalog: catalogOf(registry), callers, others });
  });
  after(() => judge.close());

  it(`whatever the validation accepts, in ${options.numRuns} random sets`, async function () {
    this.timeout(600_000);
    const property = fc.asyncProperty(configSets, async (written) => {
      const found = await judge.judge(acceptance.accept(written));
      if (found.length > 0) throw new Error(found.join('\n'));
    });
    const result = await fc.check(property, options);
    if (result.failed) assert.fail(explain(result));
    process.stdout.write(`      seed ${result.seed}: ${String(acceptance)}\n`);
    assert.deepEqual(await judge.unsettled(), [], 'what was accepted is also in force');
    assert.ok(acceptance.share > 0.7, `${String(acceptance)}: too few to find anything`);
  });

  it('and every kind that is in force is among them', () => {
    const kinds = (Object.keys(dormant) as (keyof typeof dormant)[]).filter(isInForce);
    assert.deepEqual(
      kinds.filter((kind) => repairs[kind] === undefined),
      [],
      'give the kind a generator whose objects are mostly valid',
    );
  });
});

function explain(result: RunDetails<[readonly Written[]]>): string {
  const [written = []] = result.counterexample ?? [];
  const path = result.counterexamplePath ?? undefined;
  const error = result.errorInstance instanceof Error ? result.errorInstance.message : '';
  return [
    `accepted, but not by Envoy (after ${result.numShrinks} simplifications):`,
    ...written.map((object) => `---\n${stringify(object)}`),
    '--- what was said:',
    error.length > 4000 ? `${error.slice(0, 1000)}\n...\n${error.slice(-3000)}` : error,
    'again:',
    formatRerun({ seed: result.seed, ...(path === undefined ? {} : { path }) }),
  ].join('\n');
}
