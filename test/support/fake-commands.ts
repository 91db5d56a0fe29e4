/** Commands that a test makes up: shell scripts in a folder of its own, the only one on PATH. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A machine as a test wants it: an own PATH, an own cache, and a record of what was called. */
export class FakeMachine {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = {
      PATH: join(folder, 'bin'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      CALLS: join(folder, 'calls'),
    };
  }

  /** A machine with nothing on its PATH. */
  static async create(): Promise<FakeMachine> {
    const machine = new FakeMachine(await mkdtemp(join(tmpdir(), 'composemesh-test-')));
    await mkdir(join(machine.folder, 'bin'));
    return machine;
  }

  /** Puts a command on PATH; the script finds the usual commands, and its calls are recorded. */
  async addCommand(name: string, script: string): Promise<string> {
    const path = join(this.folder, 'bin', name);
    await writeScript(path, `echo "${name} $*" >> "$CALLS"\n${script}`);
    return path;
  }

  /** Writes a program that is not on PATH. */
  async addProgram(name: string, script: string): Promise<string> {
    const path = join(this.folder, name);
    await writeScript(path, script);
    return path;
  }

  /** The recorded calls, the changing names of temporary folders and containers left out. */
  async calls(): Promise<readonly string[]> {
    try {
      const lines = await readFile(join(this.folder, 'calls'), 'utf8');
      return lines
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll(/\S*\/composemesh-[\w-]+/g, 'FOLDER'));
    } catch {
      return [];
    }
  }

  /** Removes everything. */
  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function writeScript(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  await chmod(path, 0o755);
}
