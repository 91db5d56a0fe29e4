import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeMachine } from '../../test/support/fake-commands.ts';
import { recordTerminal } from '../../test/support/recorded-terminal.ts';
import { readSources } from './rule-sources.ts';
import type { Source } from './source.ts';

describe('a kustomization', () => {
  let machine: FakeMachine;
  let folder: string;

  beforeEach(async () => {
    machine = await FakeMachine.create();
    folder = join(machine.folder, 'overlay');
    await mkdir(folder);
    await writeFile(join(folder, 'kustomization.yaml'), 'resources: []\n');
  });

  afterEach(() => machine.close());

  async function read(): Promise<readonly Source[]> {
    const kustomization = { folder, env: machine.env };
    const choice = { places: [], isRecursive: false, kustomization };
    const { readInput } = recordTerminal();
    const plain = (text: string): string => text.replaceAll(machine.folder, '');
    const sources: Source[] = [];
    for await (const source of readSources(choice, readInput)) {
      const file = plain(source.file);
      sources.push(
        'text' in source ? { file, text: source.text } : { file, reason: plain(source.reason) },
      );
    }
    return sources;
  }

  it('is built by kubectl, or by kustomize where there is no kubectl', async () => {
    await machine.addCommand('kustomize', 'echo "kind: $1"');
    const made = [await read()];
    await machine.addCommand('kubectl', 'echo "kind: $1"');
    made.push(await read());
    assert.deepEqual(made, [
      [{ file: '/overlay (kustomize build)', text: 'kind: build\n' }],
      [{ file: '/overlay (kubectl kustomize)', text: 'kind: kustomize\n' }],
    ]);
  });

  it('that cannot be built is a fault, in the words of the builder', async () => {
    await machine.addCommand('kubectl', 'echo "error: no such file: $2/base" >&2; exit 1');
    assert.deepEqual(await read(), [
      { file: '/overlay', reason: 'kubectl kustomize: no such file: /overlay/base' },
    ]);
  });

  it('needs one of them', async () => {
    await assert.rejects(read(), {
      code: 'E_USAGE',
      message: `-k ${folder}: kubectl builds kustomizations, or kustomize, and neither is on the PATH; without them, name the files: -f FILE`,
    });
  });
});
