/**
 * Random histories of a host, against the registrator and a real Consul: whatever happened to containers, to the
 * Engine's events and answers, to Consul's, and to the registrator itself, at every quiet point Consul holds exactly
 * what the containers ask for, what others registered is untouched, and nothing is written that is not needed.
 *
 * HISTORIES is how many; SEED (printed with a failure, beside the path) makes them again.
 */
import fc from 'fast-check';
import { TestConsul } from '../support/consul.ts';
import { step } from './history-steps.ts';
import { History } from './history.ts';

describe('the registrator in random histories', () => {
  const histories = Number(process.env['HISTORIES'] ?? '500');
  const seed = Number(process.env['SEED'] ?? 1);
  /** Histories that go on side by side: each mostly waits. */
  const lanes = 24;
  let consul: TestConsul;
  let count = 0;

  before(async () => {
    consul = await TestConsul.start();
  });

  after(() => consul.stop());

  it(`leaves Consul exactly as Docker is, in ${histories} of them`, async function () {
    this.timeout(600_000);
    const lane = (_: unknown, index: number): Promise<void> =>
      fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 24, size: 'max' }),
          async (steps) => {
            count += 1;
            await History.play(consul, steps, count);
          },
        ),
        {
          seed: seed + index,
          numRuns: Math.ceil(histories / lanes),
          // Half a minute here; a busy machine takes its time, and is to say what it has found.
          interruptAfterTimeLimit: 540_000,
          markInterruptAsFailure: true,
        },
      );
    await Promise.all(Array.from({ length: lanes }, lane));
  });
});
