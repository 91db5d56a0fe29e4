import assert from 'node:assert/strict';
import fc, { type RunDetails } from 'fast-check';
import { stringify } from 'yaml';
import { decodeObject } from '../../pilot/api/decode.ts';
import { dormant, isInForce } from '../../pilot/api/in-force.ts';
import type { ConfigResource } from '../../pilot/api/resource.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { type Written, configSets } from './config-arbitrary.ts';
import { type Caller, EnvoyJudge } from './envoy-judge.ts';
import { type Inhabited, inhabit } from './inhabited-mesh.ts';
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

/** Who judges, and how many of the sets. */
interface Court {
  readonly as: string;
  readonly numRuns: number;
  readonly callers: (mesh: Inhabited) => readonly Caller[];
}

const courts: readonly Court[] = [
  { as: 'a sidecar', numRuns: options.numRuns, callers: ({ captured }) => [captured] },
  {
    as: 'proxies that capture nothing or listen at sockets',
    // Their listeners are others, and little else.
    numRuns: Math.ceil(options.numRuns / 4),
    callers: ({ uncaptured }) => uncaptured,
  },
];

for (const { as, numRuns, callers } of courts) {
  describe(`a real Envoy accepts, as ${as},`, () => {
    let judge: EnvoyJudge;
    let folder: TemporaryFolder;
    const acceptance = new Acceptance();

    before(async () => {
      folder = await makeTemporaryFolder();
      const mesh = await inhabit(folder.path);
      judge = await EnvoyJudge.start({ ...mesh, callers: callers(mesh) });
    });
    after(async () => {
      await judge.close();
      await folder.remove();
    });

    it(`whatever the validation accepts, in ${numRuns} random sets`, async function () {
      this.timeout(Math.max(600_000, numRuns * 500));
      const property = fc.asyncProperty(configSets, async (written) => {
        const found = await judge.judge(acceptance.accept(written));
        if (found.length > 0) throw new Error(found.join('\n'));
      });
      const result = await fc.check(property, { ...options, numRuns });
      if (result.failed) assert.fail(explain(result));
      process.stdout.write(`      seed ${result.seed}: ${String(acceptance)}\n`);
      assert.deepEqual(await judge.unsettled(), [], 'what was accepted is also in force');
      assert.ok(acceptance.share > 0.7, `${String(acceptance)}: too few to find anything`);
    });
  });
}

describe('random sets', () => {
  it('have objects of every kind that is in force', () => {
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
