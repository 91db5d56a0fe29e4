import assert from 'node:assert/strict';
import { duration, memberAddress } from './values.ts';

describe('values of the Envoy API', () => {
  it('are durations that Envoy takes, at most', () => {
    assert.deepEqual([1500, 9_223_372_036_854, 1e300].map(duration), [
      { seconds: 1n, nanos: 500_000_000 },
      { seconds: 9_223_372_035n, nanos: 0 },
      { seconds: 9_223_372_035n, nanos: 0 },
    ]);
  });

  it('are addresses of members, on ports and on Unix sockets', () => {
    assert.deepEqual(
      ['10.0.0.1', 'unix:///run/app.sock', 'unix://@app'].map(
        (address) => memberAddress({ address, port: 80 }).address,
      ),
      [
        {
          case: 'socketAddress',
          value: { address: '10.0.0.1', portSpecifier: { case: 'portValue', value: 80 } },
        },
        { case: 'pipe', value: { path: '/run/app.sock' } },
        { case: 'pipe', value: { path: '@app' } },
      ],
    );
  });
});
