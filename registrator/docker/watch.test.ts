import assert from 'node:assert/strict';
import { FakeEngine } from '../../test/fakes/docker.ts';
import { recordLog } from '../../test/support/recorded-log.ts';
import { until } from '../../test/support/until.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { DockerodeEngine } from './engine.ts';
import { parseEvent, splitLines, watchDocker, type DockerChange } from './watch.ts';

describe('watchDocker', () => {
  let life = new Lifecycle();
  let engine: FakeEngine;
  let changes: DockerChange[];
  let log: ReturnType<typeof recordLog>;

  const event = (action: string, attributes: object = {}): object => ({
    Type: 'container',
    Action: action,
    Actor: { ID: 'abc', Attributes: attributes },
  });

  const watch = async (over: 'socket' | 'tcp'): Promise<void> => {
    engine = await FakeEngine.start(over);
    life.add({ close: () => engine.stop() });
    const client = life.add(new DockerodeEngine(engine.address));
    life.add(watchDocker({ engine: client, log, onChange: (change) => changes.push(change) }));
    await until('the stream', () => engine.streams === 1);
    await until('the first change', () => changes.length > 0);
  };

  beforeEach(() => {
    life = new Lifecycle();
    changes = [];
    log = recordLog();
  });

  afterEach(() => life.close());

  for (const over of ['socket', 'tcp'] as const) {
    it(`says that it is connected before any event, over ${over}`, async () => {
      await watch(over);
      engine.send(event('start'));
      engine.send(event('kill', { signal: '15' }));
      engine.send(event('die', { exitCode: '143' }));
      await until('the events', () => changes.length === 4);
      assert.deepEqual(changes, [
        { kind: 'connected' },
        { kind: 'container', id: 'abc' },
        { kind: 'kill', id: 'abc', signal: 15 },
        { kind: 'die', id: 'abc', exitCode: 143 },
      ]);
    });
  }

  it('connects again when the stream ends, and logs the outage once', async () => {
    await watch('socket');
    await engine.halt();
    await until('a failed attempt', () => log.lines.length > 0);
    await engine.resume();
    await until('the second stream', () => engine.streams === 1);
    await until('the end of the outage', () => log.lines.length > 1);
    assert.deepEqual(changes, [{ kind: 'connected' }, { kind: 'connected' }]);
    assert.match(log.lines[0]!, /^warn lost the events of the Docker Engine: /);
    assert.deepEqual(log.lines.slice(1), ['info following the events of the Docker Engine again']);
  });

  it('connects again when the Engine refuses the stream', async () => {
    engine = await FakeEngine.start();
    life.add({ close: () => engine.stop() });
    engine.break('/events', 'status 500');
    const client = life.add(new DockerodeEngine(engine.address));
    life.add(watchDocker({ engine: client, log, onChange: (change) => changes.push(change) }));
    await until('the warning', () => log.lines.length > 0);
    engine.repair();
    await until('the stream', () => changes.length > 0);
    assert.match(log.lines[0]!, /the Engine is unwell/);
  });

  it('asks only for events that can change a service', async () => {
    await watch('socket');
    const request = engine.requests.find((line) => line.includes('/events')) ?? '';
    const query = new URL(request.slice('GET '.length), 'http://docker').searchParams;
    const filters = JSON.parse(query.get('filters') ?? '') as { type: string[]; event: string[] };
    assert.deepEqual(filters.type, ['container', 'network']);
    assert.ok(filters.event.includes('kill') && !filters.event.includes('exec_start'));
  });
});

describe('splitLines', () => {
  it('joins what was cut anywhere, also within a letter', async () => {
    const bytes = Buffer.from('{"a":"é"}\r\n\n{"b":1}\nrest');
    for (let size = 1; size <= bytes.length; size++) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const lines: string[] = [];
      for await (const line of splitLines(stream(pieces))) lines.push(line);
      assert.deepEqual(lines, ['{"a":"é"}', '{"b":1}']);
    }
  });

  async function* stream(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield await Promise.resolve(piece);
  }
});

describe('parseEvent', () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['garbage', 'nonsense', undefined],
    ['null', null, undefined],
    ['a container event without an id', { Type: 'container', Action: 'start' }, undefined],
    ['an image event', { Type: 'image', Action: 'pull', Actor: { ID: 'x' } }, undefined],
    [
      'a container that joins a network',
      { Type: 'network', Action: 'connect', Actor: { ID: 'n', Attributes: { container: 'abc' } } },
      { kind: 'container', id: 'abc' },
    ],
    [
      'the time of an event, from nanoseconds',
      { Type: 'container', Action: 'start', timeNano: 1795264087805000000, Actor: { ID: 'abc' } },
      { kind: 'container', id: 'abc', at: 1795264087805 },
    ],
    [
      'a kill without a signal',
      { Type: 'container', Action: 'kill', Actor: { ID: 'abc' } },
      { kind: 'container', id: 'abc' },
    ],
  ];
  for (const [what, event, expected] of cases) {
    it(`reads ${what}`, () => {
      const line = typeof event === 'string' ? event : JSON.stringify(event);
      assert.deepEqual(parseEvent(line), expected);
    });
  }
});
