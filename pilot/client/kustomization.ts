import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OperationError } from '../../kit/errors.ts';
import type { Source } from './source.ts';

/** A folder with a kustomization.yaml. */
export interface Kustomization {
  readonly folder: string;
  /** With the PATH on which its builder is looked for. */
  readonly env: NodeJS.ProcessEnv;
}

/** Commands that build one, the first that is there is taken. */
const builders: readonly (readonly [string, string])[] = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
];

/** More than this, in bytes, no mesh has in rules. */
const largest = 64 * 1024 * 1024;

/**
 * What a kustomization makes, by kubectl or kustomize: how they do it is a language of its own, and people have one of
 * them who have a kustomization. Lines are those of what it makes. Throws OperationError `E_USAGE` when neither is there.
 */
export async function buildKustomization({ folder, env }: Kustomization): Promise<Source> {
  for (const [command, verb] of builders) {
    try {
      const options = { env, maxBuffer: largest };
      const { stdout } = await promisify(execFile)(command, [verb, folder], options);
      return { file: `${folder} (${command} ${verb})`, text: stdout };
    } catch (error) {
      const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
      if (code === 'ENOENT') continue;
      const said = stderr.trim().replace(/^error: /i, '');
      return { file: folder, reason: `${command} ${verb}: ${said === '' ? String(error) : said}` };
    }
  }
  throw new OperationError(
    'E_USAGE',
    `-k ${folder}: kubectl builds kustomizations, or kustomize, and neither is on the PATH; without them, name the files: -f FILE`,
  );
}
