import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { findEnvoy } from '../../test/support/programs.ts';
import { renderBootstrap, type BootstrapOptions } from './render.ts';

const golden = new URL('testdata/reviews-v1.json', import.meta.url);

const options: BootstrapOptions = {
  workload: 'reviews-v1',
  app: 'reviews',
  namespace: 'default',
  labels: { app: 'reviews', version: 'v1' },
  address: '172.20.0.4',
  pilot: { host: 'pilot', port: 15010 },
  ports: { admin: 15000, prometheus: 15090 },
};

describe('the bootstrap', () => {
  it('is the one on record (UPDATE_GOLDEN=1 rewrites it)', () => {
    const rendered = JSON.stringify(renderBootstrap(options), null, 2);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${rendered}\n`);
    assert.deepEqual(JSON.parse(rendered), JSON.parse(readFileSync(golden, 'utf8')));
  });

  it('is accepted by Envoy without a word of warning', async () => {
    const { status, stderr } = spawnSync(
      await findEnvoy(),
      ['--mode', 'validate', '--config-yaml', JSON.stringify(renderBootstrap(options))],
      { encoding: 'utf8' },
    );
    const complaints = stderr
      .split('\n')
      .filter((line) => /\]\[(warning|error|critical)\]/.test(line));
    assert.deepEqual({ status, complaints }, { status: 0, complaints: [] });
  });
});
