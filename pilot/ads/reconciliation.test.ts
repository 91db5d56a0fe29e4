import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { resourceOf } from '../api/decode.ts';
import type { ConfigResource } from '../api/resource.ts';
import { type Reach, type ReconcilingProxy, Reconciliation } from './reconciliation.ts';

class FakeProxy implements ReconcilingProxy {
  upToDate = false;
  over = false;

  isUpToDate(): boolean {
    return this.upToDate;
  }

  isOver(): boolean {
    return this.over;
  }
}

function rule(name: string): ConfigResource {
  return resourceOf(virtualServiceObject(name, 'v1'));
}

describe('how far objects have come', () => {
  let reconciliation: Reconciliation;
  beforeEach(() => {
    reconciliation = new Reconciliation(systemClock);
  });
  afterEach(() => {
    reconciliation.close();
  });

  function reach({ metadata }: ConfigResource): string {
    const { ready, all, isTaken }: Reach = reconciliation.reachOf(metadata);
    return `${ready}/${all}${isTaken ? '' : ' not taken'}`;
  }

  it('counts the proxies that have accepted what an object has gone into', () => {
    const [first, second] = [rule('a'), rule('b')];
    const [quick, slow] = [new FakeProxy(), new FakeProxy()];
    for (const proxy of [quick, slow]) reconciliation.progressed(proxy);
    const seen = [reach(first)];
    reconciliation.built([first]);
    seen.push(reach(first));
    for (const proxy of [quick, slow]) {
      proxy.upToDate = true;
      reconciliation.progressed(proxy);
      seen.push(reach(first));
    }
    slow.upToDate = false;
    reconciliation.built([first, second]);
    seen.push(`${reach(first)} ${reach(second)}`);
    slow.over = true;
    reconciliation.progressed(slow);
    seen.push(`${reach(first)} ${reach(second)}`);
    const late = new FakeProxy();
    reconciliation.progressed(late);
    seen.push(`${reach(first)} ${reach(second)}`);
    assert.deepEqual(seen, ['0/2 not taken', '0/2', '1/2', '2/2', '2/2 1/2', '1/1 1/1', '1/2 1/2']);
  });

  it('takes a changed object for another one', () => {
    const [before, after] = [rule('a'), rule('a')];
    reconciliation.built([before]);
    assert.equal(reach(after), '0/0 not taken');
    reconciliation.built([after]);
    assert.equal(reach(after), '0/0');
  });

  it('tells those who wait, and nobody else', async () => {
    let calls = 0;
    const told = new Promise<void>((resolve) => {
      const stop = reconciliation.subscribe(() => {
        calls += 1;
        stop();
        resolve();
      });
    });
    for (let build = 0; build < 10; build += 1) reconciliation.built([]);
    await told;
    assert.equal(calls, 1);
  });
});
