import assert from 'node:assert/strict';
import fc, { type RunDetails } from 'fast-check';
import { stringify } from 'yaml';
import { decodeObject } from '../../pilot/api/decode.ts';
import { dormant, isInForce } from '../../pilot/api/in-force.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { type Written, configSets } from './config-arbitrary.ts';
import { EnvoyJudge } from './envoy-judge.ts';
import { inhabit } from './inhabited-mesh.ts';
import { formatRerun, readPropertyOptions } from './property-options.ts';
import { repairs } from './repairs.ts';

const options = readPropertyOptions(2000);

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

describe('a real Envoy accepts', () => {
  let judge: EnvoyJudge;
  let folder: TemporaryFolder;
  const acceptance = new Acceptance();

  before(async () => {
    folder = await makeTemporaryFolder();
    judge = await EnvoyJudge.start(await inhabit(folder.path));
  });
  after(async () => {
    await judge.close();
    await folder.remove();
  });

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
