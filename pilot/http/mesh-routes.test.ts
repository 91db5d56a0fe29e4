import assert from 'node:assert/strict';
import { HandClock } from '../../test/support/hand-clock.ts';
import { startApiServer } from '../../test/support/api-server.ts';
import { readLines } from '../../test/support/lines.ts';

describe('the names of the mesh', () => {
  it('are served, and their changes as they come', async () => {
    const server = await startApiServer();
    const before = await server.ask('GET', '/mesh/v1/names');
    const lines = readLines(await fetch(`${server.url}/mesh/v1/names?watch=true`));
    const tables = ['1', '2'].map((version) => ({ version, names: { reviews: ['240.240.0.1'] } }));
    const seen: unknown[] = [];
    for (const next of tables) {
      server.names.set(next);
      seen.push(JSON.parse((await lines.next()) ?? ''));
    }
    await lines.cancel();
    const after = await server.ask('GET', '/mesh/v1/names');
    await server.close();
    assert.deepEqual([before.status, seen, after.body], [503, tables, tables[1]]);
  });

  it('come with an empty line now and then while nothing changes', async () => {
    const clock = new HandClock();
    const server = await startApiServer({ clock });
    const lines = readLines(await fetch(`${server.url}/mesh/v1/names?watch=true`));
    clock.elapse(clock.lengths[0] ?? 0);
    const line = await lines.next();
    await lines.cancel();
    await server.close();
    assert.deepEqual([line, clock.lengths.length], ['', 2]);
  });
});
