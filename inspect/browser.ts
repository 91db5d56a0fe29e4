import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The command that opens a page for the person at this machine; undefined where there is no screen: on Linux without
 * DISPLAY or WAYLAND_DISPLAY, and in a session over SSH. BROWSER names another one (xdg-utils has it so).
 */
export function findBrowser(
  platform: NodeJS.Platform,
  env: Environment,
): readonly [string, ...string[]] | undefined {
  const own = env['BROWSER'];
  if (own !== undefined && own !== '') return [own];
  if (isSet(env['SSH_CONNECTION'])) return undefined;
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['cmd', '/c', 'start', ''];
  return isSet(env['DISPLAY']) || isSet(env['WAYLAND_DISPLAY']) ? ['xdg-open'] : undefined;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** Opens a page, and goes on. Resolves with false when the command cannot be started. */
export function openPage(
  [command, ...args]: readonly [string, ...string[]],
  url: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => {
      resolve(false);
    });
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
