import assert from 'node:assert/strict';
import type { ConfigObject } from '../../pilot/api/resource.ts';
import {
  type MeshProxy,
  TestMesh,
  destinationRule,
  to,
  versionsOf,
  virtualService,
} from '../support/test-mesh.ts';

const url = 'http://reviews:9080/';
const versions = versionsOf('reviews', 'v1', 'v2');

function allTo(subset: string): ConfigObject {
  return virtualService('reviews', { route: [to('reviews', subset)] });
}

describe('changes while calls are under way', () => {
  let mesh: TestMesh;
  let proxy: MeshProxy;
  let ports: readonly number[];

  before(async () => {
    mesh = await TestMesh.start();
    const servers = await mesh.startService('reviews', 'v1', 'v2');
    ports = servers.map(({ port }) => port);
    proxy = await mesh.startProxy('10.9.0.1');
  });

  after(() => mesh.close());

  /** Calls all the time, some at once, while `change` runs; the answers by status, and how many. */
  async function callWhile(change: () => Promise<void>): Promise<Readonly<Record<number, number>>> {
    const answers: Record<number, number> = {};
    let changing = true;
    const callers = Array.from({ length: 4 }, async () => {
      while (changing) {
        const { status } = await proxy.call(url);
        answers[status] = (answers[status] ?? 0) + 1;
      }
    });
    try {
      await change();
    } finally {
      changing = false;
      await Promise.all(callers);
    }
    return answers;
  }

  it('fail none when a rule goes to and fro between subsets, 200 times', async () => {
    await mesh.use(versions, allTo('v1'));
    const answers = await callWhile(async () => {
      for (let round = 0; round < 100; round += 1) {
        await mesh.put(allTo('v2'));
        await mesh.put(allTo('v1'));
        if (round % 10 === 0) await mesh.settled();
      }
      await mesh.settled();
    });
    assert.deepEqual(Object.keys(answers), ['200']);
    assert.deepEqual(await proxy.count(url, 20), { v1: 20 });
  });

  it('fail none when subsets come with the rule that uses them, and go after it', async () => {
    await mesh.use();
    const answers = await callWhile(async () => {
      for (let round = 0; round < 30; round += 1) {
        await mesh.put(versions);
        await mesh.put(allTo(round % 2 === 0 ? 'v1' : 'v2'));
        if (round % 3 === 0) await mesh.settled();
        await mesh.remove(allTo('v1'));
        await mesh.remove(versions);
        if (round % 3 === 1) await mesh.settled();
      }
    });
    assert.deepEqual(Object.keys(answers), ['200']);
  });

  it('fail none when the policy of a service changes, which makes its clusters anew', async () => {
    await mesh.use(versions, allTo('v1'));
    const answers = await callWhile(async () => {
      for (let round = 0; round < 30; round += 1) {
        await mesh.put(
          destinationRule('reviews', {
            ...(versions.spec as object),
            trafficPolicy: {
              connectionPool: { http: { http1MaxPendingRequests: 100 + round } },
              loadBalancer: { simple: round % 2 === 0 ? 'RANDOM' : 'ROUND_ROBIN' },
            },
          }),
        );
        if (round % 2 === 0) await mesh.settled();
      }
    });
    assert.deepEqual(Object.keys(answers), ['200']);
  });

  it('fail none when members come and go', async () => {
    await mesh.use();
    const [first = 0, second = 0] = ports;
    const answers = await callWhile(async () => {
      for (let round = 0; round < 60; round += 1) {
        const members = [[first], [first, second], [second]][round % 3] ?? [];
        await mesh.declare({ name: 'reviews', members: members.map((port) => ({ port })) });
        if (round % 5 === 0) await mesh.settled();
      }
    });
    assert.deepEqual(Object.keys(answers), ['200']);
  });

  it('fail none when other services come and go', async () => {
    const [port = 0] = ports;
    await mesh.declare({ name: 'reviews', members: [{ port }] });
    const answers = await callWhile(async () => {
      for (let round = 0; round < 30; round += 1) {
        await mesh.declare({ name: `other-${round % 3}`, port: 9000 + round, members: [{ port }] });
        if (round % 5 === 0) await mesh.settled();
      }
    });
    assert.deepEqual(Object.keys(answers), ['200']);
  });
});
