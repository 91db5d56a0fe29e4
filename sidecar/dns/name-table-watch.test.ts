import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../test/support/until.ts';
import { systemClock, type Clock } from '../../kit/clock.ts';
import { createSmallLog } from '../agent/log.ts';
import { NameTableWatch, parseNameTable } from './name-table-watch.ts';

describe('the watch of the name table', () => {
  const lines: string[] = [];
  const log = createSmallLog({}, 'info', (line) => lines.push(line));
  let server: Server;
  let watches: ServerResponse[];
  let watch: NameTableWatch;
  let timers: (() => void)[];

  /** Runs nothing by itself: a test fires what it wants. */
  const heldClock: Clock = {
    now: systemClock.now,
    after: (_, action) => {
      timers.push(action);
      return () => {
        timers = timers.filter((timer) => timer !== action);
      };
    },
  };

  beforeEach(async () => {
    watches = [];
    timers = [];
    lines.length = 0;
    server = createServer((_, response) => {
      response.writeHead(200);
      response.flushHeaders();
      watches.push(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    watch = new NameTableWatch(`http://127.0.0.1:${port}`, log, heldClock);
    watch.start();
  });

  afterEach(async () => {
    await watch.close();
    server.close();
    server.closeAllConnections();
  });

  const nthWatch = (count: number): Promise<ServerResponse> =>
    until(`watch ${count}`, () => watches[count - 1]);
  const untilVersion = (version: string): Promise<true> =>
    until(`version ${version}`, () => watch.table.current()?.version === version);

  it('keeps the latest table, across pieces, heartbeats and a new connection', async () => {
    const first = await nthWatch(1);
    first.write('{"version":"1","names":{"a":["1.1');
    first.write('.1.1"]}}\n\n\n');
    await untilVersion('1');
    first.end();
    const second = await nthWatch(2);
    assert.equal(watch.table.current()?.version, '1');
    second.write('{"version":"2","names":{}}\n{"version":"3","names":{"b":["2.2.2.2"]}}\n');
    await untilVersion('3');
    assert.deepEqual(watch.table.current(), { version: '3', names: { b: ['2.2.2.2'] } });
  });

  it('connects again when nothing arrives any more', async () => {
    const first = await nthWatch(1);
    first.write('{"version":"1","names":{}}\n');
    await untilVersion('1');
    assert.equal(timers.length, 1);
    timers[0]?.();
    await nthWatch(2);
    assert.match(lines.join(''), /nothing arrived for 15000 ms/);
  });

  it('connects again after a line that is no table, and keeps the last one', async () => {
    const first = await nthWatch(1);
    first.write('{"version":"1","names":{}}\n');
    await untilVersion('1');
    first.write('<html>\n');
    await nthWatch(2);
    assert.equal(watch.table.current()?.version, '1');
  });

  it('takes no other shape for a table', () => {
    for (const line of [
      '1',
      'null',
      '{}',
      '{"version":"1","names":{"a":"b"}}',
      '{"version":1,"names":{}}',
    ]) {
      assert.throws(() => parseNameTable(line), /not a name table/);
    }
  });
});
