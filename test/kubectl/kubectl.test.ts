import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { startApiServer, type ApiServer } from '../support/api-server.ts';
import { virtualServiceYaml } from '../support/config-objects.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { createKubectl, findKubectls, type Kubectl } from '../support/kubectl.ts';

const binaries = await findKubectls();
const v1 = virtualServiceYaml('reviews', 'v1');
const v2 = virtualServiceYaml('reviews', 'v2');
const subset = '{.spec.http[0].route[0].destination.subset}';
const times = /\d{4}-\d\d-\d\dT[\d:]+Z/g;

for (const binary of binaries) {
  describe(`stock ${basename(binary)}`, () => {
    let server: ApiServer;
    let home: TemporaryFolder;
    let kubectl: Kubectl;
    /** Commands that go on until they are told to end. */
    const children: ChildProcess[] = [];

    before(async () => {
      home = await makeTemporaryFolder();
    });
    after(() => home.remove());
    beforeEach(async () => {
      server = await startApiServer();
      kubectl = createKubectl(binary, server.url, home.path);
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await server.close();
    });

    /** Standard output of a command that must succeed. */
    async function run(args: string, input?: string, editor?: string): Promise<string> {
      const options = {
        ...(input === undefined ? {} : { input }),
        ...(editor === undefined ? {} : { editor }),
      };
      const result = await kubectl(args.split(' '), options);
      assert.equal(result.code, 0, `kubectl ${args}: ${result.stderr}`);
      assert.equal(result.stderr, '', `kubectl ${args} complains`);
      return result.stdout.trim();
    }

    /** Standard error of a command that must fail. */
    async function fail(args: string, input?: string): Promise<string> {
      const result = await kubectl(args.split(' '), input === undefined ? {} : { input });
      assert.equal(result.code, 1, `kubectl ${args} does not fail: ${result.stdout}`);
      return result.stderr.trim();
    }

    const shown = 'virtualservice.networking.istio.io/reviews';

    it('applies, shows, compares and deletes', async () => {
      assert.deepEqual(
        [
          await run('apply -f -', v1),
          await run('apply -f -', v1),
          await run('apply --dry-run=server -f -', v2),
          await run(`get vs reviews -o jsonpath=${subset}`),
          (await kubectl(['diff', '-f', '-'], { input: v2 })).code,
          await run('apply -f -', v2),
          await run(`get vs reviews -o jsonpath=${subset}`),
          await run('delete vs reviews'),
          await fail('get vs reviews'),
        ],
        [
          `${shown} created`,
          `${shown} unchanged`,
          `${shown} configured (server dry run)`,
          'v1',
          1,
          `${shown} configured`,
          'v2',
          'virtualservice.networking.istio.io "reviews" deleted',
          'Error from server (NotFound): virtualservices.networking.istio.io "reviews" not found',
        ],
      );
    });

    it('prints tables, names, YAML and JSON', async () => {
      await run('create -f -', v1);
      await run('create -f -', virtualServiceYaml('ratings', 'v1', 'shop'));
      const yaml = await run('get virtualservice reviews -o yaml');
      const json = JSON.parse(await run('get vs -A -o json')) as {
        readonly items: readonly { readonly metadata: { readonly name: string } }[];
      };
      assert.deepEqual(
        [
          (await run('get vs')).replace(/\d+s/g, 'AGE').split(/\s+/),
          (await run('get vs --all-namespaces --no-headers')).split(/\s+/).slice(0, 3),
          await run('get vs,dr,se -n shop -o name'),
          await run('get vs --field-selector metadata.name=reviews -o name'),
          json.items.map(({ metadata }) => metadata.name),
          yaml.includes('subset: v1'),
          (await run('get ns -o name')).split('\n'),
        ],
        [
          ['NAME', 'GATEWAYS', 'HOSTS', 'AGE', 'reviews', '["reviews"]', 'AGE'],
          ['default', 'reviews', '["reviews"]'],
          'virtualservice.networking.istio.io/ratings',
          shown,
          ['reviews', 'ratings'],
          true,
          ['namespace/default', 'namespace/shop'],
        ],
      );
    });

    it('labels, selects, patches and replaces', async () => {
      await run('create -f -', v1);
      const patch = JSON.stringify([
        { op: 'replace', path: '/spec/http/0/route/0/destination/subset', value: 'v3' },
      ]);
      const merge = JSON.stringify({ spec: { exportTo: ['*'] } });
      assert.deepEqual(
        [
          await run('label vs reviews app=a'),
          await run('get vs -l app=a -o name'),
          await run('get vs -l app!=a -o name'),
          await run(`patch vs reviews --type=json -p ${patch}`),
          await run(`patch vs reviews --type=merge -p ${merge}`),
          await run(`get vs reviews -o jsonpath=${subset}{.spec.exportTo}`),
          await run('replace -f -', v2),
          await run(`get vs reviews -o jsonpath=${subset}{.spec.exportTo}`),
        ],
        [
          `${shown} labeled`,
          shown,
          '',
          `${shown} patched`,
          `${shown} patched`,
          'v3["*"]',
          `${shown} replaced`,
          'v2',
        ],
      );
    });

    it('edits with an editor', async () => {
      await run('create -f -', v1);
      assert.equal(await run('edit vs reviews', '', "sed -i 's/: v1$/: v2/'"), `${shown} edited`);
      assert.equal(await run(`get vs reviews -o jsonpath=${subset}`), 'v2');
    });

    it('describes objects and explains kinds', async () => {
      await run('create -f -', v1);
      const described = (await run('describe vs reviews')).replace(times, 'TIME');
      const explained = await run('explain virtualservice.spec.http.retries');
      assert.match(described, /Creation Timestamp: {2}TIME\n[^]*Subset: {2}v1\nEvents: +<none>/);
      assert.match(explained, /KIND: +VirtualService\nVERSION: +v1\n/);
      assert.match(explained, /attempts\t<integer>\n +How often to try again; 0 never\./);
    });

    it('says what is wrong with an object, when it is new and when it changes', async () => {
      const typo = v1.replace('hosts:', 'host:');
      const wrong = v1.replace('subset: v1', 'subset: V1') + '      timeout: soon\n';
      const isNew = [await fail('apply -f -', typo), await fail('apply -f -', wrong)];
      await run('apply -f -', v1);
      const isChanged = [await fail('apply -f -', typo), await fail('apply -f -', wrong)];
      const rules = [
        'The VirtualService "reviews" is invalid: ',
        '* spec.http[0].route[0].destination.subset: Invalid value: "V1": must be lower-case letters, digits and -, at most 63 of them',
        '* spec.http[0].timeout: Invalid value: "soon": must be a duration such as 1.5s, 200ms or 1h',
      ].join('\n');
      assert.deepEqual(
        [isNew, isChanged],
        [
          [
            'Error from server (BadRequest): error when creating "STDIN": VirtualService in version "v1" cannot be handled as a VirtualService: strict decoding error: unknown field "spec.host" (did you mean "hosts"?)',
            rules,
          ],
          [
            'The VirtualService "reviews" is invalid: spec.host: strict decoding error: unknown field "spec.host" (did you mean "hosts"?)',
            rules,
          ],
        ],
      );
    });

    it('waits for a state, and for deletion', async () => {
      await run('create -f -', v1);
      const waiting = run(`wait vs/reviews --for=jsonpath=${subset}=v2 --timeout=60s`);
      await run('apply --server-side --force-conflicts -f -', v2);
      assert.equal(await waiting, `${shown} condition met`);
      const watched = server.nextWatch();
      const gone = run('wait vs/reviews --for=delete --timeout=60s');
      await watched;
      await run('delete vs reviews');
      assert.equal(await gone, `${shown} condition met`);
    });

    it('watches', async () => {
      await run('create -f -', v1);
      const args = [
        '--server',
        server.url,
        'get',
        'vs',
        '-w',
        '--no-headers',
        '--output-watch-events',
      ];
      const env = { PATH: process.env['PATH'], HOME: home.path };
      const watching = spawn(binary, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
      children.push(watching);
      const exited = new Promise((resolve) => watching.once('exit', resolve));
      const lines = createInterface(watching.stdout)[Symbol.asyncIterator]();
      const next = async (): Promise<string> => {
        const line = await lines.next();
        return String(line.value).split(/\s+/).slice(0, 2).join(' ');
      };
      const first = await next();
      await run('apply --server-side --force-conflicts -f -', v2);
      const second = await next();
      await run('delete vs reviews --wait=false');
      const third = await next();
      await server.close();
      assert.deepEqual(
        [first, second, third, await exited],
        ['ADDED reviews', 'MODIFIED reviews', 'DELETED reviews', 0],
      );
    });

    it('works in any namespace and in every version of the kind', async () => {
      const old = virtualServiceYaml('reviews', 'v1', 'shop').replace('io/v1', 'io/v1alpha3');
      const list = `apiVersion: v1\nkind: List\nitems:\n- ${v1.trim().replaceAll('\n', '\n  ')}\n`;
      assert.deepEqual(
        [
          await run('create namespace shop'),
          await run('apply -f -', old),
          await run('get virtualservices.v1beta1.networking.istio.io -n shop -o name'),
          await run('apply -f -', list),
          await run('auth can-i delete vs'),
          await run('delete vs --all -n shop'),
        ],
        [
          'namespace/shop created',
          `${shown} created`,
          shown,
          `${shown} created`,
          'yes',
          'virtualservice.networking.istio.io "reviews" deleted',
        ],
      );
    });
  });
}
