import assert from 'node:assert/strict';
import { fuzzConnections, fuzzDir, fuzzMemory } from './run.ts';

/** The same each time; `npm run fuzz:api -- COUNT SEED` sends others. */
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

/** A share of what `npm run fuzz:api` sends: 100,000 take a minute and a half. */
describe(`the configuration API under requests that are nearly right (FUZZ_SEED=${seed})`, () => {
  it('answers each of them, and keeps its store in order', async () => {
    const { failures, statuses } = await fuzzMemory({ seed, count: 2500 });
    assert.deepEqual(failures, []);
    for (const status of [200, 201, 400, 403, 404, 409, 415, 422]) {
      assert.ok(
        (statuses[status] ?? 0) > 0,
        `${status} never came; the requests have lost their way`,
      );
    }
  });

  it('writes no file outside of its folder, and reads back what it wrote', async () => {
    const { failures, statuses } = await fuzzDir({ seed, count: 400 });
    assert.deepEqual(failures, []);
    assert.ok((statuses[201] ?? 0) > 0);
  });

  it('survives connections that are nearly HTTP', async () => {
    const answers = await fuzzConnections({ seed, count: 200 });
    assert.deepEqual(
      Object.keys(answers).filter((status) => status.startsWith('5')),
      [],
    );
  });
});
