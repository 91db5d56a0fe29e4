import assert from 'node:assert/strict';
import { formatStoreLocation, parseStoreLocation } from './store-location.ts';

describe('the place of a store', () => {
  it('is read with its defaults', () => {
    const consul = { kind: 'consul', address: 'http://consul:8500', prefix: 'composemesh/config' };
    assert.deepEqual(
      [
        parseStoreLocation('memory'),
        parseStoreLocation('dir:./config', 'token'),
        parseStoreLocation('consul://consul'),
        parseStoreLocation('consul://consul:8500/', ''),
        parseStoreLocation('consul-tls://c.example.com/a/b/?dc=eu-1', 'token'),
      ],
      [
        { kind: 'memory' },
        { kind: 'dir', path: './config' },
        consul,
        consul,
        {
          kind: 'consul',
          address: 'https://c.example.com:8501',
          prefix: 'a/b',
          datacenter: 'eu-1',
          token: 'token',
        },
      ],
    );
  });

  it('is refused when it is none', () => {
    const texts = [
      '',
      'dir:',
      'etcd://a',
      'consul://',
      'consul:8500',
      'consul://a b',
      'consul://u:p@h',
    ];
    assert.deepEqual(
      texts.map((text) => parseStoreLocation(text)),
      texts.map(() => undefined),
    );
  });

  it('is written as it is read, without the token', () => {
    const texts = ['memory', 'dir:/etc/mesh', 'consul://a:1/b/c?dc=eu', 'consul-tls://a:8501/b'];
    const written = texts.map((text) => {
      const location = parseStoreLocation(text, 'secret');
      return location === undefined ? '' : formatStoreLocation(location);
    });
    assert.deepEqual(written, texts);
  });
});
