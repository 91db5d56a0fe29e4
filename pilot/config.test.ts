import assert from 'node:assert/strict';
import { type PilotFlags, parsePilotConfig } from './config.ts';

const flags: PilotFlags = {
  registry: 'none',
  configStore: 'memory',
  grpc: '127.0.0.1:15010',
  http: '127.0.0.1:8080',
  domain: 'service.consul',
  tracingSampling: '1',
  logLevel: 'info',
};

function messagesFor(change: Partial<PilotFlags>): readonly string[] {
  const parsed = parsePilotConfig({ ...flags, ...change }, undefined);
  return parsed.ok ? [] : parsed.messages;
}

describe('the flags of pilot', () => {
  it('make a configuration', () => {
    const parsed = parsePilotConfig(
      {
        ...flags,
        registry: 'consul://consul.example.com:8501/',
        configStore: 'dir:./config',
        http: '[::1]:8080',
        zipkin: 'zipkin:9411',
        tracingSampling: '12.5',
      },
      'secret',
    );
    assert.deepEqual(parsed, {
      ok: true,
      config: {
        registry: {
          kind: 'consul',
          address: 'http://consul.example.com:8501',
          token: 'secret',
        },
        store: { kind: 'dir', path: './config' },
        access: { localRole: 'admin', remoteRole: 'read', forwarders: [] },
        grpc: '127.0.0.1:15010',
        http: { host: '[::1]', port: 8080 },
        domain: 'service.consul',
        tracing: { address: 'zipkin', port: 9411, sampling: 12.5 },
        logLevel: 'info',
      },
    });
  });

  it('take the usual port of Consul, and no empty token', () => {
    const parsed = parsePilotConfig({ ...flags, registry: 'consul://consul' }, '');
    assert.deepEqual(parsed.ok && parsed.config.registry, {
      kind: 'consul',
      address: 'http://consul:8500',
    });
  });

  const mistakes: readonly (readonly [change: Partial<PilotFlags>, message: string])[] = [
    [{ registry: 'etcd' }, '--registry "etcd" is not "none" or consul://HOST:PORT'],
    [{ registry: 'consul://' }, '--registry "consul://" is not "none" or consul://HOST:PORT'],
    [
      { configStore: 'dir:' },
      '--config-store "dir:" is not "memory", dir:PATH or consul://HOST:PORT/PREFIX',
    ],
    [{ grpc: '15010' }, '--grpc "15010" is not HOST:PORT'],
    [{ http: 'localhost:70000' }, '--http "localhost:70000" is not HOST:PORT'],
    [{ logLevel: 'loud' }, '--log-level "loud" is not one of debug, info, warn, error, silent'],
    [
      { zipkin: 'zipkin' },
      '--zipkin "zipkin" with sampling "1" is not HOST:PORT with a --tracing-sampling between 0 and 100',
    ],
    [
      { zipkin: 'zipkin:9411', tracingSampling: '101' },
      '--zipkin "zipkin:9411" with sampling "101" is not HOST:PORT with a --tracing-sampling between 0 and 100',
    ],
  ];
  for (const [change, message] of mistakes) {
    it(`refuse ${JSON.stringify(change)}`, () => {
      assert.deepEqual(messagesFor(change), [message]);
    });
  }

  it('are refused all at once', () => {
    assert.equal(messagesFor({ registry: 'x', configStore: 'y', grpc: 'z' }).length, 3);
  });
});
