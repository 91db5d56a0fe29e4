import assert from 'node:assert/strict';
import { systemClock, type Clock } from '../../kit/clock.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { idOf, inspectReply } from '../../test/fakes/containers.ts';
import { until } from '../../test/support/until.ts';
import { FakeEngine } from '../../test/fakes/docker.ts';
import { DockerodeEngine } from './engine.ts';
import { Inventory, type Refreshed } from './inventory.ts';

describe('Inventory', () => {
  let life = new Lifecycle();
  let engine: FakeEngine;
  let inventory: Inventory;
  let now: number;
  /** How often the inventory announced late news. */
  let late: number;
  /** Whether a refresh stops waiting after its time; otherwise it waits for everything. */
  let impatient: boolean;
  /** Begins anew, with a limit (ms) for every call of the Engine. */
  let connect: (timeout: number) => void;

  const web = inspectReply({ name: 'web' });
  const inspected = (): string[] =>
    engine.requests
      .splice(0)
      .filter((line) => line.includes('/json') && !line.includes('/containers/json'))
      .map((line) =>
        Buffer.from(line.split('/')[2] ?? '', 'hex')
          .toString()
          .replaceAll('\0', ''),
      )
      .sort();
  const names = ({ containers }: Refreshed): string[] => containers.map(({ name }) => name).sort();

  beforeEach(async () => {
    life = new Lifecycle();
    engine = await FakeEngine.start();
    life.add({ close: () => engine.stop() });
    now = 1000;
    late = 0;
    impatient = false;
    const clock: Clock = {
      now: () => now,
      after: (ms, action) => (impatient ? systemClock.after(ms, action) : () => undefined),
    };
    connect = (timeout): void => {
      const client = life.add(new DockerodeEngine(engine.address, timeout));
      inventory = new Inventory({ engine: client, clock, onLate: () => late++ });
    };
    // Longer than any test may take: what is answered is not given up.
    connect(3_600_000);
  });

  afterEach(() => life.close());

  it('inspects everything once, and then only what changed', async () => {
    for (const name of ['web', 'db', 'old']) engine.set(inspectReply({ name }));
    const first = names(await inventory.refresh());
    const firstInspected = inspected();
    inventory.apply({ kind: 'container', id: idOf('db') });
    engine.remove(idOf('db'));
    const second = names(await inventory.refresh());
    assert.deepEqual(
      { first, firstInspected, second, secondInspected: inspected() },
      {
        first: ['db', 'old', 'web'],
        firstInspected: ['db', 'old', 'web'],
        second: ['old', 'web'],
        secondInspected: ['db'],
      },
    );
  });

  it('finds what came and went while it was not connected', async () => {
    engine.set(web);
    await inventory.refresh();
    engine.remove(web.Id);
    engine.set(inspectReply({ name: 'db' }));
    inventory.apply({ kind: 'connected' });
    assert.deepEqual(names(await inventory.refresh()), ['db']);
  });

  for (const failure of ['status 500', 'truncated', 'no answer', 'reset'] as const) {
    it(`keeps what it knew of a container whose inspect fails (${failure}), and asks again`, async () => {
      if (failure === 'no answer') connect(1000);
      engine.set(web);
      await inventory.refresh();
      engine.set(inspectReply({ name: 'web', state: 'paused' }));
      engine.set(inspectReply({ name: 'db' }));
      engine.break(web.Id, failure);
      inventory.apply({ kind: 'container', id: web.Id });
      inventory.apply({ kind: 'container', id: idOf('db') });
      const during = await inventory.refresh();
      engine.repair();
      const after = await inventory.refresh();
      assert.deepEqual(
        [during, after].map(({ containers, unknown, failure: reason }) => ({
          states: Object.fromEntries(containers.map(({ name, state }) => [name, state])),
          unknown: [...unknown],
          failed: reason !== undefined,
        })),
        [
          { states: { web: 'running', db: 'running' }, unknown: [], failed: true },
          { states: { web: 'paused', db: 'running' }, unknown: [], failed: false },
        ],
      );
    });
  }

  it('says of which containers it knows nothing', async () => {
    engine.set(web);
    engine.break(web.Id, 'status 500');
    const { containers, unknown } = await inventory.refresh();
    assert.deepEqual({ containers, unknown: [...unknown] }, { containers: [], unknown: [web.Id] });
  });

  it('fails while it has never seen a list, and lists again', async () => {
    engine.set(web);
    engine.break('/containers/json', 'status 500');
    await assert.rejects(inventory.refresh(), { code: 'E_DOCKER' });
    engine.repair();
    assert.deepEqual(names(await inventory.refresh()), ['web']);
  });

  it('goes on with what it knew when a later list fails', async () => {
    engine.set(web);
    await inventory.refresh();
    engine.break('/containers/json', 'reset');
    inventory.invalidate();
    const refreshed = await inventory.refresh();
    assert.deepEqual(names(refreshed), ['web']);
    assert.notEqual(refreshed.failure, undefined);
  });

  it('waits for everything the first time', async () => {
    impatient = true;
    engine.set(web);
    engine.set(inspectReply({ name: 'db' }));
    engine.hold(web.Id);
    const first = inventory.refresh();
    await until('both inspects', () => inspected().includes('web'));
    setTimeout(() => {
      engine.release();
    }, 50);
    assert.deepEqual(names(await first), ['db', 'web']);
  });

  it('does not wait long for one container, and announces it when it is known', async () => {
    engine.set(web);
    await inventory.refresh();
    impatient = true;
    engine.hold(web.Id);
    engine.set(inspectReply({ name: 'web', state: 'paused' }));
    inventory.apply({ kind: 'container', id: web.Id });
    const during = await inventory.refresh();
    engine.set(inspectReply({ name: 'db' }));
    inventory.apply({ kind: 'container', id: idOf('db') });
    const other = await until('the other container', async () => {
      const refreshed = await inventory.refresh();
      return refreshed.containers.length === 2 && refreshed;
    });
    const announced = late;
    engine.release();
    await until('the announcement', () => late > announced);
    const after = await inventory.refresh();
    assert.deepEqual(
      [during, other, after].map(({ containers }) => containers.map(({ state }) => state).join()),
      ['running', 'running,running', 'paused,running'],
    );
  });

  it('knows at once that a container died, whatever an earlier inspect still says', async () => {
    engine.set(web);
    await inventory.refresh();
    impatient = true;
    engine.hold(web.Id);
    inventory.apply({ kind: 'container', id: web.Id });
    await inventory.refresh();
    inventory.apply({ kind: 'die', id: web.Id, exitCode: 3 });
    const died = await inventory.refresh();
    engine.release();
    await until('the late answer', () => late > 0);
    const states = died.containers.map(({ state, exitCode }) => [state, exitCode]);
    assert.deepEqual(states, [['stopped', 3]]);
    impatient = false;
    engine.set(inspectReply({ name: 'web', state: 'exited', exitCode: 3 }));
    const after = await inventory.refresh();
    assert.deepEqual(
      after.containers.map(({ state }) => state),
      ['stopped'],
    );
  });

  describe('after a signal', () => {
    const stopping = async (): Promise<readonly string[]> => [
      ...(await inventory.refresh()).stopping,
    ];
    const kill = (signal: number): void => {
      inventory.apply({ kind: 'kill', id: web.Id, signal });
    };

    const cases: readonly (readonly [number, string | undefined, boolean])[] = [
      [15, undefined, true],
      [9, undefined, true],
      [1, undefined, false],
      [3, 'SIGQUIT', true],
      [15, 'SIGQUIT', false],
    ];
    for (const [signal, stopSignal, expected] of cases) {
      const end = `signal ${signal} with stop signal ${stopSignal ?? 'SIGTERM'}`;
      it(`counts a container as ${expected ? 'stopping' : 'staying'} after ${end}`, async () => {
        const sketch = stopSignal === undefined ? {} : { stopSignal };
        engine.set(inspectReply({ name: 'web', ...sketch }));
        await inventory.refresh();
        kill(signal);
        assert.deepEqual(await stopping(), expected ? [web.Id] : []);
      });
    }

    it('needs no inspect to know', async () => {
      engine.set(web);
      await inventory.refresh();
      inspected();
      kill(15);
      await inventory.refresh();
      assert.deepEqual(inspected(), []);
    });

    it('forgets the signal once the container outlived its stop timeout, and looks again', async () => {
      engine.set(inspectReply({ name: 'web', stopTimeout: 3 }));
      await inventory.refresh();
      inspected();
      kill(15);
      now += 4999;
      const before = await stopping();
      now += 1;
      const after = await stopping();
      assert.deepEqual(
        { before, after, inspected: inspected() },
        { before: [web.Id], after: [], inspected: ['web'] },
      );
    });

    it('does not take a run for the one that got the signal, though nothing was known of that one', async () => {
      await inventory.refresh();
      const at = (seconds: number): number => Date.UTC(2026, 0, 1) + seconds * 1000;
      inventory.apply({ kind: 'kill', id: web.Id, signal: 15, at: at(30) });
      engine.set(inspectReply({ name: 'web', startedAt: 20 }));
      const told = await stopping();
      engine.set(inspectReply({ name: 'web', startedAt: 40 }));
      inventory.apply({ kind: 'container', id: web.Id });
      assert.deepEqual({ told, later: await stopping() }, { told: [web.Id], later: [] });
    });

    it('keeps the signal through an unpause, and forgets it with the next start', async () => {
      engine.set(inspectReply({ name: 'web', state: 'paused' }));
      await inventory.refresh();
      kill(15);
      engine.set(web);
      inventory.apply({ kind: 'container', id: web.Id });
      const unpaused = await stopping();
      engine.set(inspectReply({ name: 'web', startedAt: 60 }));
      inventory.apply({ kind: 'container', id: web.Id });
      assert.deepEqual(
        { unpaused, restarted: await stopping() },
        { unpaused: [web.Id], restarted: [] },
      );
    });
  });
});
