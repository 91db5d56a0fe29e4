import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from '../test/support/ports.ts';
import { PortFinder, claimLoopback, isFree } from './loopback.ts';

describe('loopback addresses', () => {
  it('are one for all where the platform has no others', async () => {
    const loopback = await claimLoopback({ own: false });
    assert.deepEqual([loopback.nextAddress(), loopback.nextAddress()], ['127.0.0.1', '127.0.0.1']);
    await loopback.close();
  });

  it('are different for every workload and every mesh where it has them', async () => {
    const one = await claimLoopback({ own: true });
    const other = await claimLoopback({ own: true });
    const addresses = [one, one, other, other].map((loopback) => loopback.nextAddress());
    await Promise.all([one.close(), other.close()]);
    const own = addresses.every((address) => /^127\.77\.\d+\.[23]$/.test(address));
    // macOS has 127.0.0.1 alone.
    if (!own && process.platform !== 'linux') return;
    assert.deepEqual([own, new Set(addresses).size], [true, 4]);
  });
});

describe('ports', () => {
  it('are the usual ones while they are free, and never given twice', async () => {
    const finder = new PortFinder();
    const usual = await finder.find('127.0.0.1');
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    assert.ok(typeof address === 'object' && address !== null);
    const other = new PortFinder();
    const found = [
      await other.find('127.0.0.1', usual),
      await other.find('127.0.0.1', usual),
      await other.find('127.0.0.1', address.port),
    ];
    const free = [await isFree('127.0.0.1', address.port)];
    holder.close();
    await once(holder, 'close');
    assert.deepEqual(
      [found[0], new Set(found).size, found.includes(address.port), free],
      [usual, 3, false, [false]],
    );
  });

  it('are none that somebody will listen on later, unless that is preferred', async () => {
    const free = await new PortFinder().find('127.0.0.1');
    const other = await freePort();
    const reserved = new Set(Array.from({ length: 65_536 }, (_, port) => port));
    reserved.delete(free);
    const finder = new PortFinder(reserved);
    assert.deepEqual(
      [await finder.find('127.0.0.1'), await finder.find('127.0.0.1', other)],
      [free, other],
    );
    await assert.rejects(finder.find('127.0.0.1'), /no port of 127.0.0.1 is free/);
  });
});
