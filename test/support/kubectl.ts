import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What a run of kubectl left behind. */
export interface KubectlRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** Given on standard input. */
  readonly input?: string;
}

export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<KubectlRun>;

/** kubectl of one binary, against one server, with a home directory of its own for its caches. */
export function createKubectl(binary: string, server: string, home: string): Kubectl {
  return (args, options = {}) =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: home };
      const all = ['--server', server, ...args];
      const child = execFile(binary, all, { env, cwd: home }, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(options.input ?? '');
    });
}

/**
 * The binaries named in KUBECTL_BINS (separated as in PATH), all of them. Without it kubectl on the PATH, and the
 * oldest and the newest that pilot supports of those that stand beside it as kubectl.1.N (as the Google Cloud
 * SDK installs them).
 */
export async function findKubectls(): Promise<readonly string[]> {
  const named = (process.env['KUBECTL_BINS'] ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) return named;
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

/** Such as v1.32.4. */
export async function versionOfKubectl(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['version', '--client', '-o', 'json']);
  const { clientVersion } = JSON.parse(stdout) as {
    readonly clientVersion: { readonly gitVersion: string };
  };
  return clientVersion.gitVersion;
}
