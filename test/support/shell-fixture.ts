import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { makeTemporaryFolder } from './folders.ts';
import { cmeshCommand } from './run.ts';

/** For Tab in tests: half a second is soon over on a machine that does other things too. */
const patientCompletion = { CMESH_COMPLETION_PATIENCE: '30s' } as const;

/** What a shell needs in which somebody presses Tab: `cmesh` on the PATH, and a folder with a file in it. */
export interface ShellFixture {
  /** Where the shell runs; `rules-of-mine.yaml` stands in it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly remove: () => Promise<void>;
}

/** In this process, between the hooks of a suite. */
export function completePatiently(): void {
  before(() => {
    Object.assign(process.env, patientCompletion);
  });
  after(() => {
    delete process.env['CMESH_COMPLETION_PATIENCE'];
  });
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
  return { folder, remove, env: { ...env, CMESH_PILOT: pilot, ...patientCompletion } };
}
