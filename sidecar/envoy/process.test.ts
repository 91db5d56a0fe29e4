import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** More than a pipe holds, so that whoever writes it has to wait for the reader. */
const burst = 1_000_000;

/**
 * Runs a program as an agent runs Envoy, with its own log on the same standard output; then makes a file. The socket is
 * what process.stdout is made of when it is first touched, which tsx has done before.
 */
const runner = `
  import { writeFileSync } from 'node:fs';
  import { Socket } from 'node:net';
  import { systemClock } from ${JSON.stringify(new URL('../../kit/clock.ts', import.meta.url))};
  import { createSmallLog } from ${JSON.stringify(new URL('../agent/log.ts', import.meta.url))};
  import { EnvoyProcess } from ${JSON.stringify(new URL('process.ts', import.meta.url))};
  const log = createSmallLog({ name: 'agent' }, 'error', () => undefined);
  const options = { binary: process.argv[2], concurrency: 1, logLevel: 'info', bootstrap: {}, drainTime: 1000 };
  const envoy = new EnvoyProcess(options, log, systemClock, { onEnd: () => void envoy.close() });
  await envoy.start();
  new Socket({ fd: 1, readable: false }).write('the log of the agent\\n');
  writeFileSync(process.argv[3], '');
`;

describe('Envoy as a process', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'envoy-process-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('loses nothing of an access log that comes faster than it is read', async () => {
    const binary = join(folder, 'envoy');
    const go = join(folder, 'go');
    const wait = `until [ -e ${go} ]; do sleep 0.01; done`;
    const script = `#!/bin/sh\n${wait}\necho begin >&2\nhead -c ${burst} /dev/zero\n`;
    await writeFile(binary, script, { mode: 0o755 });
    const main = join(folder, 'agent.mjs');
    await writeFile(main, runner);
    // Node's own pipes are sockets; the one to a container's log is a pipe.
    const pipe = '"$@" | { until [ -e "$6" ]; do sleep 0.01; done; sleep 0.3; cat; }';
    const command = [process.execPath, '--import', 'tsx', main, binary, go];
    const agent = spawn('sh', ['-c', pipe, 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(agent, 'close');
    const [begin] = (await once(agent.stderr, 'data')) as [Buffer];
    let complaints = begin.toString();
    agent.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    let read = 0;
    agent.stdout.on('data', (chunk: Buffer) => (read += chunk.length));
    await ended;
    assert.deepEqual(
      { read, complaints },
      { read: burst + 'the log of the agent\n'.length, complaints: 'begin\n' },
    );
  });
});
