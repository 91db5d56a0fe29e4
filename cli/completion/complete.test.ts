import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import {
  type ShellFixture,
  completePatiently,
  makeShellFixture,
} from '../../test/support/shell-fixture.ts';
import { createProgram } from '../program.ts';
import { complete, formatCompletion } from './complete.ts';
import { completionScripts } from './scripts.ts';

const run = promisify(execFile);

describe('completion', () => {
  completePatiently();
  let server: ApiServer;

  before(async () => {
    server = await startApiServer();
    await server.store.create(virtualServiceObject('reviews', 'v1'));
    await server.store.create(virtualServiceObject('ratings', 'v1'));
    await server.store.create(virtualServiceObject('cart', 'v1', 'shop'));
  });

  after(() => server.close());

  /** The values for a command line; the last word is the one to complete. */
  async function values(line: string): Promise<readonly string[]> {
    const words = line.replaceAll('PILOT', `--pilot ${server.url}`).split(' ');
    const { candidates } = await complete(createProgram(), words);
    return candidates.map(({ value }) => value);
  }

  it('offers commands, options and the values that an option may have', async () => {
    assert.deepEqual(
      [
        await values('va'),
        await values('get --watch'),
        await values('get -o '),
        await values('get --output=j'),
        await values('get -A -o name -o'),
        await values('apply --dry-run=c'),
        await values('completion '),
        await values('help proxy-c'),
        await values('help pc rou'),
        await values('help get '),
        await values('nonsense '),
        await values('get -- -'),
      ],
      [
        ['validate'],
        ['--watch', '--watch-only'],
        ['json', 'yaml', 'wide', 'name'],
        ['--output=json'],
        [],
        ['--dry-run=client'],
        ['bash', 'zsh', 'fish'],
        ['proxy-config'],
        ['routes'],
        [],
        [],
        [],
      ],
    );
  });

  it('offers kinds and names of the mesh that runs', async () => {
    assert.deepEqual(
      [
        await values('get PILOT virt'),
        await values('get PILOT vs,dest'),
        await values('get PILOT vs '),
        await values('delete PILOT vs ratings r'),
        await values('edit -n shop PILOT virtualservice '),
        await values('get PILOT vs/re'),
        await values('get PILOT vs/reviews virt'),
        await values('get PILOT vs -n s'),
        await values('get PILOT frob '),
      ],
      [
        ['virtualservices'],
        ['vs,destinationrules'],
        ['ratings', 'reviews'],
        ['reviews'],
        ['cart'],
        ['vs/reviews'],
        ['virtualservices/'],
        ['shop'],
        [],
      ],
    );
  });

  it('offers the kinds that it knows, and no names, where no pilot answers', async () => {
    assert.deepEqual(
      [
        await values('get --pilot http://127.0.0.1:1 virt'),
        await values('get --pilot http://127.0.0.1:1 vs '),
        await values('get --pilot nonsense vs '),
      ],
      [['virtualservices'], [], []],
    );
  });

  it('tells the shell where files may stand, and where a word goes on', async () => {
    const lines = ['apply -f ', 'validate -f a.yaml ', 'get --certificate-authority ', 'get -o '];
    const directives = await Promise.all(
      lines.map(async (line) => {
        const completion = await complete(createProgram(), line.split(' '));
        return formatCompletion(completion).trimEnd().split('\n').at(-1);
      }),
    );
    const open = await complete(createProgram(), ['get', '--pilot', server.url, 'vs/reviews', '']);
    assert.deepEqual([directives, open.isOpen], [[':0', ':0', ':0', ':4'], true]);
  });

  describe('in a shell', () => {
    let fixture: ShellFixture;

    before(async () => {
      fixture = await makeShellFixture(server.url);
    });

    after(() => fixture.remove());

    it('works in bash, with = and with files', async () => {
      const script = `${completionScripts.bash}
complete -p cmesh
try() {
  COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}
  _cmesh
  printf '%s: %s\\n' "$1" "\${COMPREPLY[*]}"
}
try 'cmesh vali'
try 'cmesh get vs/re'
try 'cmesh get vs r'
try 'cmesh get vs --output=y'
try 'cmesh apply -f rules-'
try 'cmesh get vs nothing-like-that'
`;
      const { stdout, stderr } = await run('bash', ['--norc', '-c', script], {
        env: fixture.env,
        cwd: fixture.folder,
      });
      assert.deepEqual(
        [stderr, stdout.trimEnd().split('\n')],
        [
          '',
          [
            'complete -F _cmesh cmesh',
            'cmesh vali: validate',
            'cmesh get vs/re: vs/reviews',
            'cmesh get vs r: ratings reviews',
            'cmesh get vs --output=y: yaml',
            'cmesh apply -f rules-: rules-of-mine.yaml',
            'cmesh get vs nothing-like-that:',
          ],
        ],
      );
    });
  });
});
