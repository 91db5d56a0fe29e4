import assert from 'node:assert/strict';
import { freePort } from '../support/ports.ts';
import { type MeshProxy, TestMesh, to, versionsOf, virtualService } from '../support/test-mesh.ts';
import { EchoServer } from '../support/echo-server.ts';

/** Workloads that share 127.0.0.1, each behind an Envoy of its own: as on a laptop, without capture. */
describe('real Envoys that capture nothing', () => {
  const applications: EchoServer[] = [];
  let mesh: TestMesh;
  let caller: MeshProxy;
  let reviewsV2: MeshProxy;
  let ingressPort: number;

  async function startWorkload(version: string, port: number): Promise<MeshProxy> {
    const application = await EchoServer.start('reviews', version);
    applications.push(application);
    return mesh.startProxy('127.0.0.1', {
      interceptionMode: 'NONE',
      labels: { app: 'reviews', version },
      appPorts: { [port]: application.port },
    });
  }

  before(async () => {
    mesh = await TestMesh.start();
    const [v1, v2] = [await freePort(), await freePort()];
    ingressPort = await freePort();
    await mesh.declare({
      name: 'reviews',
      members: [
        { port: v1, labels: { version: 'v1' } },
        { port: v2, labels: { version: 'v2' } },
      ],
    });
    await startWorkload('v1', v1);
    reviewsV2 = await startWorkload('v2', v2);
    caller = await mesh.startProxy('127.0.0.1', {
      interceptionMode: 'NONE',
      labels: { app: 'caller' },
      ingress: [
        {
          bind: '127.0.0.1',
          port: ingressPort,
          host: 'reviews.service.consul',
          servicePort: 9080,
        },
      ],
    });
  });

  after(async () => {
    await mesh.close();
    for (const application of applications) await application.close();
  });

  async function enter(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${ingressPort}/reviews/0`);
    const { version } = (await response.json()) as { readonly version: string };
    return version;
  }

  it('let callers and applications meet through both sidecars', async () => {
    await mesh.use(
      versionsOf('reviews', 'v1', 'v2'),
      virtualService('reviews', { route: [to('reviews', 'v2')] }),
    );
    const { status, echo } = await caller.call('http://reviews:9080/reviews/0');
    const inbound = await reviewsV2.envoy.stats('^http\\.inbound_.*downstream_rq_completed$');
    assert.deepEqual([status, echo.version, [...inbound.values()]], [200, 'v2', [1]]);
  });

  it('let callers from outside in, by the same rules', async () => {
    await mesh.use(
      versionsOf('reviews', 'v1', 'v2'),
      virtualService('reviews', { route: [to('reviews', 'v1')] }),
    );
    const first = await enter();
    await mesh.use(
      versionsOf('reviews', 'v1', 'v2'),
      virtualService('reviews', { route: [to('reviews', 'v2')] }),
    );
    assert.deepEqual([first, await enter()], ['v1', 'v2']);
  });

  it('do not share a port: the second one is refused', async () => {
    const other = await TestMesh.start();
    await other.declare({ name: 'reviews', members: [{ port: 9080 }] });
    await other.startProxy('127.0.0.1', {
      interceptionMode: 'NONE',
      ingress: [
        { bind: '127.0.0.1', port: ingressPort, host: 'reviews.service.consul', servicePort: 9080 },
      ],
    });
    await assert.rejects(other.close(), /cannot bind .*Address already in use/);
  });
});
