import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** What a run of kubectl left behind. */
export interface KubectlRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** Given on standard input. */
  readonly input?: string;
  /** Command for `kubectl edit`. */
  readonly editor?: string;
}

export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<KubectlRun>;

/** kubectl of one binary, against one server, with a home directory of its own for its caches. */
export function createKubectl(binary: string, server: string, home: string): Kubectl {
  return (args, options = {}) =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: home, EDITOR: options.editor };
      const all = ['--server', server, ...args];
      const child = execFile(binary, all, { env, cwd: home }, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(options.input ?? '');
    });
}

/**
 * The oldest and the newest kubectl of this machine that pilot supports: kubectl on the PATH, and what stands
 * beside it as kubectl.1.N (as the Google Cloud SDK installs it).
 */
export async function findKubectls(): Promise<readonly string[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'kubectl')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('these tests need kubectl on the PATH');
  const folder = dirname(await realpath(found));
  const minors = Array.from({ length: 6 }, (_, index) => 28 + index);
  const beside = minors
    .map((minor) => join(folder, `kubectl.1.${minor}`))
    .filter((path) => existsSync(path));
  const [oldest = found] = beside;
  return [...new Set([oldest, beside.at(-1) ?? found])];
}
