import assert from 'node:assert/strict';
import { parseCron, startCron } from './cron.ts';

describe('parseCron', () => {
  const accepted: readonly (readonly [string, object])[] = [
    ['*/5 * * * *', { expression: '*/5 * * * *' }],
    ['0 3 * * *', { expression: '0 3 * * *' }],
    ['*/10 * * * * *', { expression: '*/10 * * * * *' }],
    ['TZ=Europe/Berlin 0 3 * * *', { expression: '0 3 * * *', zone: 'Europe/Berlin' }],
    ['CRON_TZ=UTC  0 3 * * 1-5', { expression: '0 3 * * 1-5', zone: 'UTC' }],
  ];
  for (const [text, expected] of accepted) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseCron(text), expected);
    });
  }

  const example = 'write one such as "*/5 * * * *" or "TZ=Europe/Berlin 0 3 * * *"';
  const refused: readonly (readonly [string, string])[] = [
    ['', `"" is no cron expression; ${example}`],
    ['@every 5m', `"@every 5m" is no cron expression; ${example}`],
    ['61 * * * *', `"61 * * * *" is no cron expression; ${example}`],
    ['*/90 * * * *', `"*/90 * * * *": no field has 90 values to step over; ${example}`],
    ['0 */25 * * *', `"0 */25 * * *": no field has 25 values to step over; ${example}`],
    [
      'TZ=Europe/Berlim 0 3 * * *',
      '"Europe/Berlim" is no time zone; write one such as Europe/Berlin or UTC',
    ],
    ['TZ= 0 3 * * *', '"" is no time zone; write one such as Europe/Berlin or UTC'],
  ];
  for (const [text, expected] of refused) {
    it(`refuses "${text}"`, () => {
      assert.equal(parseCron(text), expected);
    });
  }
});

describe('startCron', () => {
  it('runs at the times of its zone', async () => {
    const zones = ['UTC', 'Asia/Tokyo', 'America/Phoenix'];
    const tasks = zones.map((zone) =>
      startCron({ expression: '0 3 * * *', zone }, () => undefined),
    );
    const hours = tasks.map((task) => task.next()?.getUTCHours());
    for (const task of tasks) await task.close();
    // Tokyo is nine hours ahead of UTC, Phoenix seven behind; neither knows summer time.
    assert.deepEqual(hours, [3, 18, 10]);
  });

  it('runs, and ends when it is closed', async () => {
    let runs = 0;
    await new Promise<void>((resolve) => {
      const task = startCron({ expression: '* * * * * *' }, () => {
        runs += 1;
        void Promise.resolve(task.close()).then(resolve);
      });
    });
    assert.equal(runs, 1);
  });
});
