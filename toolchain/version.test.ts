import assert from 'node:assert/strict';
import { isSupported, parseVersion, type VersionRange } from './version.ts';

describe('version', () => {
  it('is read from what the programs print', () => {
    const envoy = 'envoy  version: 9e5580933739775e8bce/1.40.0/Clean/RELEASE/BoringSSL';
    assert.deepEqual(
      [parseVersion(envoy), parseVersion('Consul v1.19.2\nRevision x'), parseVersion('unknown')],
      [[1, 40, 0], [1, 19, 2], undefined],
    );
  });

  it('is supported from the least on and before the limit', () => {
    const range: VersionRange = { least: [1, 36, 0], before: [1, 41, 0] };
    const supported = ['1.35.9', '1.36.0', '1.40.12', '1.41.0', '2.0.0'].map((text) =>
      isSupported(parseVersion(text)!, range),
    );
    assert.deepEqual(supported, [false, true, true, false, false]);
  });
});
