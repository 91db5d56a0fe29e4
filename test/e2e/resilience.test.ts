/** What callers see when a part of the mesh restarts, is killed, or crashes: nobody types anything. */
import assert from 'node:assert/strict';
import { delay } from '../../kit/lifecycle.ts';
import { Outage } from './outage.ts';
import { compose, containerOf, onStack } from './stack.ts';

/** Within which the mesh must be whole again (s). */
const limit = 10;

const reviews = 'http://reviews:9080/reviews/0';

interface Verdict {
  readonly failed: number;
  readonly inTime: boolean;
}

const unharmed: Verdict = { failed: 0, inTime: true };

/** Ends the requests, prints what became of them, and judges: seconds are those until each recovery. */
async function conclude(
  what: string,
  outage: Outage,
  seconds: readonly number[],
): Promise<Verdict> {
  const { failures, requests } = await outage.end();
  const times = seconds.map((one) => one.toFixed(1)).join(' s, ');
  process.stdout.write(
    `      ${what}: ${failures.length} of ${requests} requests failed, recovery ${times} s\n`,
  );
  for (const { after, url, fault } of failures) {
    process.stdout.write(`        +${after} ms ${url} ${fault}\n`);
  }
  return { failed: failures.length, inTime: seconds.every((one) => one <= limit) };
}

onStack('resilience', () => {
  // The restart comes last: it sets Docker's count of restarts to zero again.
  for (const service of ['reviews-v2', 'reviews-v2-sidecar']) {
    it(`${service} crashes: its siblings serve, and it comes back`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.crash(service);
      const whole = await outage.untilWhole();
      await delay(1000);
      assert.deepEqual(await conclude(`${service} crash`, outage, [whole]), unharmed);
    });

    it(`${service} is killed: traffic goes around it until it is started`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.docker('kill', containerOf(service));
      const avoided = await outage.untilAvoided();
      await delay(2000);
      const started = Date.now();
      await outage.docker('start', containerOf(service));
      const whole = await outage.untilWhole(started);
      await delay(1000);
      assert.deepEqual(
        await conclude(`${service} kill, start`, outage, [avoided, whole]),
        unharmed,
      );
    });

    it(`${service} restarts: nobody notices`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.docker('restart', containerOf(service));
      const whole = await outage.untilWhole();
      await delay(1000);
      assert.deepEqual(await conclude(`${service} restart`, outage, [whole]), unharmed);
    });
  }

  /** Longer than pilot doubts a Consul that is back. */
  const doubt = 6000;

  for (const service of ['registrator', 'pilot', 'consul']) {
    const settle = (): Promise<void> => delay(service === 'consul' ? doubt : 1000);

    /** No member may have come or gone at the callers either. */
    const concludeQuietly = async (
      what: string,
      outage: Outage,
      seconds: readonly number[],
    ): Promise<object> => {
      const { changes } = outage;
      return { ...(await conclude(`${service} ${what}`, outage, seconds)), changes };
    };

    it(`${service} crashes: no request fails, no proxy is told anything, and it comes back`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.crash(service);
      const whole = await outage.untilWhole();
      await settle();
      assert.deepEqual(await concludeQuietly('crash', outage, [whole]), {
        ...unharmed,
        changes: [],
      });
    });

    it(`${service} is away for a while: no request fails, no proxy is told anything`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.docker('kill', containerOf(service));
      await delay(3000);
      const started = Date.now();
      await outage.docker('start', containerOf(service));
      const whole = await outage.untilWhole(started);
      await settle();
      const verdict = await concludeQuietly('kill, start', outage, [whole]);
      assert.deepEqual(verdict, { ...unharmed, changes: [] });
    });

    it(`${service} restarts: no request fails, no proxy is told anything`, async () => {
      const outage = await Outage.prepare(reviews);
      await outage.docker('restart', containerOf(service));
      const whole = await outage.untilWhole();
      await settle();
      const verdict = await concludeQuietly('restart', outage, [whole]);
      assert.deepEqual(verdict, { ...unharmed, changes: [] });
    });
  }

  it('Consul loses its data: no request fails, no proxy is told anything', async () => {
    const outage = await Outage.prepare(reviews);
    await outage.docker('rm', '--force', containerOf('consul'));
    await delay(2000);
    const started = Date.now();
    await compose('up', '--detach', '--no-deps', 'consul');
    const whole = await outage.untilWhole(started);
    await delay(doubt);
    const { changes } = outage;
    const verdict = await conclude('consul without its data', outage, [whole]);
    assert.deepEqual({ ...verdict, changes }, { ...unharmed, changes: [] });
  });

  describe('the only instance of a service', () => {
    /** Callers get 503, and the page says what it leaves out; both until the application listens again. */
    const judge = async (what: string, outage: Outage, whole: number): Promise<void> => {
      await delay(3000);
      const { failures, requests } = await outage.end();
      const away = Math.max(0, ...failures.map(({ after }) => after)) / 1000;
      process.stdout.write(
        `      ${what}: ${failures.length} of ${requests} requests not served as usual, the last one ` +
          `after ${away.toFixed(1)} s, mesh whole after ${whole.toFixed(1)} s\n`,
      );
      const odd = failures.filter(({ fault }) => !/^503 |currently unavailable/.test(fault));
      assert.deepEqual({ odd, inTime: whole <= limit && away <= limit }, { odd: [], inTime: true });
    };

    it('crashes: callers get 503 until it is back', async () => {
      const outage = await Outage.prepare('http://ratings:9080/ratings/0');
      await outage.crash('ratings-v1');
      await judge('ratings-v1 crash', outage, await outage.untilWhole());
    });

    it('restarts: callers get 503 until it is back', async () => {
      const outage = await Outage.prepare('http://ratings:9080/ratings/0');
      await outage.docker('restart', containerOf('ratings-v1'));
      await judge('ratings-v1 restart', outage, await outage.untilWhole());
    });

    it("'s sidecar restarts: callers get 503 until it is back", async () => {
      const outage = await Outage.prepare('http://details:9080/details/0');
      await outage.docker('restart', containerOf('details-v1-sidecar'));
      await judge('details-v1-sidecar restart', outage, await outage.untilWhole());
    });
  });
});
