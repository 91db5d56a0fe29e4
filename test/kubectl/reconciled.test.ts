import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { type Pilot, startPilot } from '../../pilot/app.ts';
import { AdsClient } from '../feature/ads-client.ts';
import { LightProxy } from '../feature/light-proxy.ts';
import { virtualServiceYaml } from '../support/config-objects.ts';
import { makeTemporaryFolder } from '../support/folders.ts';
import { createKubectl, findKubectls, type Kubectl } from '../support/kubectl.ts';
import { readLines } from '../support/lines.ts';
import { until } from '../support/until.ts';

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews }
spec:
  hosts: [reviews]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9080, name: http, protocol: HTTP }]
  endpoints: [{ address: 10.0.0.1, labels: { version: v1 } }, { address: 10.0.0.2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
`;

interface Reconciled {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Readonly<Record<string, string>>[];
  };
}

interface WatchedEvent {
  readonly type: string;
  readonly object: Reconciled;
}

const binaries = await findKubectls();

for (const binary of binaries) {
  describe(`kubectl wait for the proxies (${basename(binary)})`, () => {
    let lifecycle: Lifecycle;
    let pilot: Pilot;
    let kubectl: Kubectl;
    let proxies: readonly LightProxy[];
    beforeEach(async () => {
      lifecycle = new Lifecycle();
      const home = await makeTemporaryFolder();
      lifecycle.add({ close: home.remove });
      pilot = lifecycle.add(
        await startPilot(
          {
            registry: { kind: 'none' },
            store: { kind: 'memory' },
            grpc: '127.0.0.1:0',
            http: { host: '127.0.0.1', port: 0 },
            domain: 'service.consul',
            logLevel: 'silent',
          },
          createLog('test', 'silent'),
        ),
      );
      kubectl = createKubectl(binary, pilot.http, home.path);
      proxies = ['10.0.0.1', '10.0.0.2'].map((address) =>
        lifecycle.add(new LightProxy({ server: pilot.grpc, id: `${address}.default`, address })),
      );
      await run('apply -f -', `${entry}---\n${virtualServiceYaml('reviews', 'v1')}`);
    });
    afterEach(() => lifecycle.close());

    async function run(args: string, input?: string): Promise<string> {
      const { code, stdout, stderr } = await kubectl(
        args.split(' '),
        input === undefined ? {} : { input },
      );
      return `${stdout}${stderr}${code === 0 ? '' : `[exit ${code}]`}`.trim();
    }

    async function read(path = ''): Promise<Reconciled> {
      const response = await fetch(`${pilot.http}${collection}/reviews${path}`);
      return (await response.json()) as Reconciled;
    }

    const wait = 'wait vs/reviews --for=condition=Reconciled --timeout=20s';
    const met = 'virtualservice.networking.istio.io/reviews condition met';

    it('ends when the last one has accepted the change', async () => {
      const first = await run(wait);
      const { status, metadata } = await read();
      proxies[1]?.hold();
      await run('apply -f -', virtualServiceYaml('reviews', 'v2'));
      const impatient = await run(wait.replace('20s', '1s'));
      // The other one takes it in its own time.
      const held = await until('the first proxy to have it', async () => {
        const shown = await read('/status');
        return shown.status?.conditions?.[0]?.['message']?.startsWith('1/') === true && shown;
      });
      const waiting = run(wait);
      proxies[1]?.release();
      assert.deepEqual(
        [first, metadata.generation, status],
        [
          met,
          1,
          {
            observedGeneration: 1,
            conditions: [
              { type: 'Reconciled', status: 'True', message: '2/2 proxies up to date.' },
            ],
          },
        ],
      );
      assert.deepEqual(
        [impatient, held.metadata.generation, held.status?.conditions, await waiting],
        [
          'error: timed out waiting for the condition on virtualservices/reviews\n[exit 1]',
          2,
          [{ type: 'Reconciled', status: 'False', message: '1/2 proxies up to date.' }],
          met,
        ],
      );
    });

    // What waits differs between them; the rest is pilot's.
    if (binary !== binaries.at(-1)) return;

    it('counts no proxy that refuses the change', async () => {
      // The others are there before: they need not be as quick as the one that refuses.
      await run(wait);
      const client = new AdsClient({
        address: pilot.grpc,
        transport: 'delta',
        refuse: (type) => (type === 'cluster' ? 'not that' : undefined),
      });
      lifecycle.add({
        close: () => {
          client.disconnect();
        },
      });
      client.connect();
      const messages = async (): Promise<unknown> =>
        (await read()).status?.conditions?.map(({ message }) => message);
      await until('the refusal', () => pilot.ads.counters().types.cluster.rejections > 0);
      assert.deepEqual(await messages(), ['2/3 proxies up to date.']);
      assert.match(await run(wait.replace('20s', '1s')), /timed out/);
    });

    it('changes no version, and is sent to nobody who watches them all', async () => {
      await run(wait);
      const before = await read();
      const listed = (await (await fetch(`${pilot.http}${collection}`)).json()) as {
        readonly metadata: { readonly resourceVersion: string };
      };
      const { resourceVersion } = listed.metadata;
      const watch = await fetch(
        `${pilot.http}${collection}?watch=true&resourceVersion=${resourceVersion}`,
      );
      proxies[1]?.close();
      await until('the proxy to be gone', () => pilot.ads.status().length === 1);
      await run('apply -f -', virtualServiceYaml('reviews', 'v2'));
      await run(wait);
      const after = await read();
      // Events come in order: what the proxies have done meanwhile would stand before the end.
      await run('delete vs reviews');
      const lines = readLines(watch);
      const events: unknown[] = [];
      for (let last = ''; last !== 'DELETED';) {
        const event = JSON.parse((await lines.next()) ?? '') as WatchedEvent;
        last = event.type;
        events.push([last, event.object.metadata.generation, event.object.status?.conditions]);
      }
      await lines.cancel();
      assert.deepEqual(events, [
        ['MODIFIED', 2, undefined],
        ['DELETED', 2, undefined],
      ]);
      assert.deepEqual(
        [before, after].map(({ status }) => status?.conditions?.[0]?.['message']),
        ['2/2 proxies up to date.', '1/1 proxies up to date.'],
      );
    });

    it('shows no difference that is only in the status', async () => {
      await run(wait);
      assert.equal(await run('diff -f -', virtualServiceYaml('reviews', 'v1')), '');
      proxies[0]?.hold();
      const changed = await run('diff -f -', virtualServiceYaml('reviews', 'v2'));
      const differing = changed.split('\n').filter((line) => /^[+-] /.test(line));
      assert.deepEqual(differing, [
        '-  generation: 1',
        '+  generation: 2',
        '-        subset: v1',
        '+        subset: v2',
      ]);
    });

    it('takes no status from a client, and says so', async () => {
      await run(wait);
      const patch = '{"status":{"conditions":[]}}';
      const patched = await run(`patch vs reviews --subresource=status --type=merge -p ${patch}`);
      const missing = await run(`patch vs none --subresource=status --type=merge -p ${patch}`);
      const shown = await run(
        'get vs reviews --subresource=status -o jsonpath={.status.conditions[0].status}',
      );
      assert.deepEqual(
        [patched, missing, shown],
        [
          'virtualservice.networking.istio.io/reviews patched (no change)\nWarning: status: is written by pilot alone: what was sent of it is not kept',
          'Error from server (NotFound): virtualservices.networking.istio.io "none" not found\n[exit 1]',
          'True',
        ],
      );
    });
  });
}
