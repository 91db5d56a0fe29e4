import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { makeTemporaryFolder } from './folders.ts';
import { cmeshCommand } from './run.ts';

/** What a shell needs in which somebody presses Tab: `cmesh` on the PATH, and a folder with a file in it. */
export interface ShellFixture {
  /** Where the shell runs; `rules-of-mine.yaml` stands in it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly remove: () => Promise<void>;
}

/** `pilot` is the URL that CMESH_PILOT names. */
export async function makeShellFixture(pilot: string): Promise<ShellFixture> {
  const { path: folder, remove } = await makeTemporaryFolder();
  const bin = join(folder, 'bin');
  const command = `exec ${cmeshCommand.map((word) => `"${word}"`).join(' ')} "$@"`;
  await mkdir(bin);
  await writeFile(join(bin, 'cmesh'), `#!/bin/sh\n${command}\n`);
  await chmod(join(bin, 'cmesh'), 0o755);
  await writeFile(join(folder, 'rules-of-mine.yaml'), '');
  const { PATH = '' } = process.env;
  // What the user of this machine has set for a shell is not to count.
  const env = { ...process.env, PATH: `${bin}${delimiter}${PATH}`, HOME: folder };
  return { folder, remove, env: { ...env, CMESH_PILOT: pilot } };
}
