import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { completionScripts } from '../../cli/completion/scripts.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { virtualServiceObject } from '../support/config-objects.ts';
import { type ShellFixture, makeShellFixture } from '../support/shell-fixture.ts';

const run = promisify(execFile);

/** In interactive shells; bash is on every machine, so the unit tests have it. scripts/ci/shells.sh installs these. */
describe('Tab', () => {
  let server: ApiServer;
  let fixture: ShellFixture;

  before(async () => {
    const proxy = { proxy: 'reviews-v1.default', namespace: 'default', address: '10.0.0.1' };
    server = await startApiServer({ debug: { syncz: () => [{ ...proxy, labels: {} }] } });
    await server.store.create(virtualServiceObject('reviews', 'v1'));
    await server.store.create(virtualServiceObject('ratings', 'v1'));
    fixture = await makeShellFixture(server.url);
  });

  after(async () => {
    await server.close();
    await fixture.remove();
  });

  /** What a shell prints that runs a script; the completion script is beside it as `completion`. */
  async function runShell(
    shell: 'zsh' | 'fish',
    options: readonly string[],
    script: string,
  ): Promise<string> {
    const path = join(fixture.folder, `script.${shell}`);
    await writeFile(path, script);
    await writeFile(join(fixture.folder, 'completion'), completionScripts[shell]);
    const { env, folder: cwd } = fixture;
    const { stdout, stderr } = await run(shell, [...options, path], { env, cwd });
    assert.equal(stderr, '');
    return stdout;
  }

  it('completes in zsh: words, names, values after =, files; several are listed with what they are', async () => {
    const lines = [
      'cmesh vali',
      'cmesh get vs/rev',
      'cmesh get vs rat',
      'cmesh get vs --output=y',
      'cmesh proxy-status rev',
      'cmesh apply -f rules-',
      'cmesh describe ',
    ];
    // A terminal of its own, in which ^X shows the line and clears it.
    const said = await runShell(
      'zsh',
      ['-f'],
      `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PROMPT_EOL_MARK= TERM=dumb; autoload -U compinit; compinit -u -D; source ./completion
show() { print -r -- "<$BUFFER>"; zle kill-buffer }; zle -N show; bindkey "^X" show; stty -echo; print ready"now"'
zpty -r shell text '*readynow*'
for line in ${lines.map((line) => `'${line}'`).join(' ')}; do
  zpty -n -w shell "$line"$'\\t\\x18'
  zpty -r shell text '*<*>*'
  print -r -- "$text"
done
zpty -d shell
`,
    );
    const completed = [...said.matchAll(/<(.*?)>/g)].map(([, line]) => line);
    const listed = [...said.matchAll(/^(\w+) +-- (\w+)/gm)].map(([, word, note]) => [word, note]);
    assert.deepEqual(
      [completed, listed],
      [
        [
          'cmesh validate ',
          'cmesh get vs/reviews ',
          'cmesh get vs ratings ',
          'cmesh get vs --output=yaml ',
          'cmesh proxy-status reviews-v1 ',
          'cmesh apply -f rules-of-mine.yaml ',
          'cmesh describe ',
        ],
        [
          ['help', 'display'],
          ['service', 'its'],
          ['workload', 'its'],
        ],
      ],
    );
  });

  it('completes in fish: words, names, values after =, files', async () => {
    const said = await runShell(
      'fish',
      ['--no-config'],
      `source ./completion
for line in 'cmesh vali' 'cmesh get vs/re' 'cmesh get vs r' 'cmesh get vs --output=y' 'cmesh proxy-status rev' 'cmesh apply -f rules-' 'cmesh get vs nothing-like-that'
    echo "$line:" (complete -C "$line")
end
`,
    );
    assert.deepEqual(said.trimEnd().split('\n'), [
      'cmesh vali: validate\tsay what is wrong in files, without a mesh',
      'cmesh get vs/re: vs/reviews',
      'cmesh get vs r: ratings reviews',
      'cmesh get vs --output=y: --output=yaml',
      'cmesh proxy-status rev: reviews-v1\tdefault, 10.0.0.1',
      'cmesh apply -f rules-: rules-of-mine.yaml',
      'cmesh get vs nothing-like-that:',
    ]);
  });
});
