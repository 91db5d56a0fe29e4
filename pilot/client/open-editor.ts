import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { OperationError } from '../../kit/errors.ts';
import type { Editor } from './edit.ts';

/**
 * The editor that a person has chosen: VISUAL, else EDITOR, else vi. The variable is a command that the shell reads,
 * such as `code --wait`. It throws OperationError `E_EDITOR`.
 */
export function chooseEditor(env: Readonly<Record<string, string | undefined>>): Editor {
  const { VISUAL: visual = '', EDITOR: editor = '' } = env;
  const command = [visual, editor, 'vi'].find((text) => text.trim() !== '') ?? 'vi';
  return async (path) => {
    const child = spawn('/bin/sh', ['-c', `${command} "$1"`, 'editor', path], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 0) return;
    const advice =
      'EDITOR or VISUAL says which one to use, such as EDITOR=nano or EDITOR="code --wait"';
    throw new OperationError(
      'E_EDITOR',
      `the editor "${command}" ended with ${code === null ? 'a signal' : `exit code ${code}`}; ${advice}`,
    );
  };
}
