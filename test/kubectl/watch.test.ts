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

for (const binary of binaries) {
  describe(`commands that go on, with ${basename(binary)}`, () => {
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
    async function run(args: string, input?: string): Promise<string> {
      const result = await kubectl(args.split(' '), input === undefined ? {} : { input });
      assert.equal(result.code, 0, `kubectl ${args}: ${result.stderr}`);
      assert.equal(result.stderr, '', `kubectl ${args} complains`);
      return result.stdout.trim();
    }

    const shown = 'virtualservice.networking.istio.io/reviews';

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
  });
}
