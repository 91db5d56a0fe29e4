import assert from 'node:assert/strict';
import { fuzzMalformed } from './malformed.ts';

/** A new one each time; with it the same objects are sent again. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

describe(`objects that are right but for a few places (FUZZ_SEED=${seed})`, () => {
  it('are taken or refused with their path, and a refusal changes nothing', async () => {
    const { failures, statuses } = await fuzzMalformed({ seed, count: 200 });
    assert.deepEqual(failures, []);
    for (const status of [200, 201, 400, 422]) {
      assert.ok((statuses[status] ?? 0) > 0, `${status} never came: ${JSON.stringify(statuses)}`);
    }
  });
});
