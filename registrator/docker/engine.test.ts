import assert from 'node:assert/strict';
import { inspectReply } from '../../test/fakes/containers.ts';
import { FakeEngine } from '../../test/fakes/docker.ts';
import { DockerodeEngine } from './engine.ts';

describe('calls of the Docker Engine', () => {
  let fake: FakeEngine;
  let engine: DockerodeEngine;

  beforeEach(async () => {
    fake = await FakeEngine.start();
    // Longer than any test may take: whatever ends, ends by itself.
    engine = new DockerodeEngine(fake.address, 3_600_000);
  });

  afterEach(async () => {
    engine.close();
    await fake.stop();
  });

  const web = inspectReply({ name: 'web' });

  it('know the Engine, its containers, and that there is no such container', async () => {
    fake.set(web);
    assert.deepEqual(
      [
        await engine.info(),
        await engine.list(),
        (await engine.inspect(web.Id))?.name,
        await engine.inspect('none'),
      ],
      [{ id: 'FAKE:ENGI:NEID', name: 'fakehost' }, [web.Id], 'web', undefined],
    );
  });

  for (const [failure, reason] of [
    ['truncated', /aborted/],
    ['reset', /socket hang up|ECONNRESET/],
    ['status 500', /the Engine is unwell/],
  ] as const) {
    it(`fail at once, and say why, when the answer is: ${failure}`, async () => {
      fake.set(web);
      fake.break('/', failure);
      const calls = [engine.info(), engine.list(), engine.inspect(web.Id)];
      const outcomes = await Promise.allSettled(calls);
      for (const outcome of outcomes) {
        assert.equal(outcome.status, 'rejected');
        assert.match(String((outcome.reason as Error).cause), reason);
      }
    });
  }
});
