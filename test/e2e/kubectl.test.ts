/** What README.md promises of kubectl, on the stack of compose.yaml. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { until } from '../support/until.ts';
import { countLooks } from './bookinfo.ts';
import { root, run } from './command.ts';
import {
  applyRules,
  attemptApply,
  kubectl,
  kubectlOptions,
  lines,
  onStack,
  resetRules,
  untilSynced,
} from './stack.ts';

const networking = 'samples/bookinfo/networking';

onStack('kubectl, without a kubeconfig', () => {
  afterEach(resetRules);

  it('applies, lists, shows and deletes the rules of the README', async () => {
    const files = [
      ...['-f', `${networking}/destination-rule-all.yaml`],
      ...['-f', `${networking}/virtual-service-all-v1.yaml`],
    ];
    const created = lines(await kubectl('apply', ...files));
    const listed = lines(await kubectl('get', 'virtualservices'));
    const subsets = await kubectl('get', 'destinationrule', 'reviews', '-o', 'yaml');
    const described = await kubectl('describe', 'virtualservice', 'reviews');
    const again = lines(await kubectl('apply', ...files));
    const deleted = lines(await kubectl('delete', ...files));
    assert.deepEqual(
      {
        created: [created[0], created.at(-1), created.length],
        listed: listed.map((line) => line.replace(/\s+\d+s$/, '')),
        described: /^Spec:\n {2}Hosts:\n {4}reviews\n {2}Http:\n/m.test(described),
        subsets: /subsets:\n {2}- labels:\n {6}version: v1\n {4}name: v1/.test(subsets),
        again: [...new Set(again.map((line) => line.split(' ')[1]))],
        deleted: [deleted.length, [...new Set(deleted.map((line) => line.split(' ')[2]))]],
        left: await kubectl('get', 'vs,dr', '-o', 'name'),
      },
      {
        created: [
          'destinationrule.networking.istio.io/productpage created',
          'virtualservice.networking.istio.io/details created',
          8,
        ],
        listed: [
          'NAME          GATEWAYS   HOSTS             AGE',
          'details                  ["details"]',
          'productpage              ["productpage"]',
          'ratings                  ["ratings"]',
          'reviews                  ["reviews"]',
        ],
        described: true,
        subsets: true,
        again: ['unchanged'],
        deleted: [8, ['deleted']],
        left: '',
      },
    );
  });

  it('edits a rule, and the page follows', async () => {
    await applyRules('destination-rule-all', 'virtual-service-all-v1');
    const before = await countLooks(5);
    const { env } = await kubectlOptions();
    const editor = 'sed -i s/subset:.v1/subset:\\ v3/';
    const said = await run('kubectl', ['edit', 'virtualservice', 'reviews'], {
      env: { ...env, KUBE_EDITOR: editor },
    });
    await untilSynced();
    assert.deepEqual(
      { before, said, after: await countLooks(5) },
      {
        before: { 'no stars': 5 },
        said: 'virtualservice.networking.istio.io/reviews edited',
        after: { 'red stars': 5 },
      },
    );
  });

  for (const kind of ['virtualservice', 'destinationrule'] as const) {
    it(`watches a ${kind} come, change and go`, async () => {
      const file = kind === 'virtualservice' ? 'virtual-service-all-v1' : 'destination-rule-all';
      const watch = await startWatch(kind);
      try {
        await kubectl('apply', '-f', `${networking}/${file}.yaml`);
        await kubectl('annotate', kind, 'reviews', 'note=changed');
        await kubectl('delete', '-f', `${networking}/${file}.yaml`);
        const seen = await watch.untilSeen('DELETED reviews');
        assert.deepEqual(
          seen.filter((line) => line.endsWith(' reviews')),
          ['ADDED reviews', 'MODIFIED reviews', 'DELETED reviews'],
        );
      } finally {
        await watch.stop();
      }
    });
  }
});

interface Watch {
  /** Waits until the watch has printed this event, `EVENT NAME`; returns all so far. */
  readonly untilSeen: (event: string) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

const sentinel = {
  virtualservice: {
    kind: 'VirtualService',
    spec: { hosts: ['sentinel'], http: [{ redirect: { uri: '/' } }] },
  },
  destinationrule: { kind: 'DestinationRule', spec: { host: 'sentinel' } },
};

/** `kubectl get KIND -w`, when it has begun: it has listed an object, and goes on from that list. */
async function startWatch(kind: keyof typeof sentinel): Promise<Watch> {
  const metadata = { name: 'sentinel' };
  const object = { apiVersion: 'networking.istio.io/v1', metadata, ...sentinel[kind] };
  const { code, stderr } = await attemptApply(JSON.stringify(object));
  assert.equal(code, 0, stderr);
  const { env } = await kubectlOptions();
  const args = ['get', kind, '--watch', '--output-watch-events', '--no-headers'];
  const child: ChildProcessByStdio<null, Readable, null> = spawn('kubectl', args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const events = (): readonly string[] =>
    lines(text).map((line) => line.trim().split(/\s+/).slice(0, 2).join(' '));
  const watch: Watch = {
    untilSeen: async (event) => {
      await until(`kubectl to print ${event}`, () => events().includes(event));
      return events();
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
  await watch.untilSeen('ADDED sentinel');
  return watch;
}
