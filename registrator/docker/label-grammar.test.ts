import assert from 'node:assert/strict';
import type { Transport } from './container.ts';
import { readSettings } from './label-grammar.ts';

function read(
  written: Record<string, string>,
  port: number,
  transport: Transport = 'tcp',
): readonly [string | undefined, boolean | undefined] {
  const setting = readSettings({ name: 'c', env: written, labels: {} }, { port, transport }).get(
    'name',
  );
  return [setting?.value, setting?.fromPort];
}

describe('readSettings', () => {
  it('reads what is written for one transport of a port before what is written for both', () => {
    const written = { SERVICE_53_UDP_NAME: 'udp', SERVICE_53_NAME: 'both', SERVICE_NAME: 'all' };
    assert.deepEqual(
      [read(written, 53, 'udp'), read(written, 53), read(written, 54)],
      [
        ['udp', true],
        ['both', true],
        ['all', false],
      ],
    );
  });

  it('reads a range of ports, the smaller one first', () => {
    const written = {
      'SERVICE_8000-8999_NAME': 'wide',
      'SERVICE_8000-8010_NAME': 'narrow',
      SERVICE_8005_NAME: 'one',
      SERVICE_NAME: 'all',
    };
    assert.deepEqual(
      [8005, 8010, 8011, 8999, 9000].map((port) => read(written, port)),
      [
        ['one', true],
        ['narrow', false],
        ['wide', false],
        ['wide', false],
        ['all', false],
      ],
    );
  });

  it('takes a transport without a key behind it for the key', () => {
    const settings = readSettings(
      { name: 'c', env: { SERVICE_80_TCP: 'x' }, labels: {} },
      { port: 80, transport: 'tcp' },
    );
    assert.equal(settings.get('tcp')?.value, 'x');
  });

  it('reads a range in a label before the same in a variable, and a port variable before both', () => {
    const container = {
      name: 'c',
      env: { 'SERVICE_80-81_NAME': 'variable', SERVICE_81_NAME: 'port' },
      labels: { 'SERVICE_80-81_NAME': 'label' },
    };
    const names = [80, 81].map(
      (port) => readSettings(container, { port, transport: 'tcp' }).get('name')?.value,
    );
    assert.deepEqual(names, ['label', 'port']);
  });
});
