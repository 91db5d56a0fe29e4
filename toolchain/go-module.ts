/** Builds a program with Go, from a module that the Go client fetches and checks. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { FetchContext, Source } from './provide.ts';

const fetchTimeoutMs = 600_000;
const buildTimeoutMs = 1_200_000;

/** A program whose main package is the root of a Go module. */
export interface GoProgram {
  readonly module: string;
  readonly version: string;
  /** The module's checksum, as go.sum has it. */
  readonly sum: string;
}

/**
 * The source that builds a program as a tool of an otherwise empty module: unlike `go install`,
 * that works for modules whose go.mod replaces others.
 */
export function goModuleSource(program: GoProgram): Source {
  return {
    way: `Go module ${program.module}@v${program.version}`,
    origin: program.sum,
    fetch: async (context) => {
      const go = (args: readonly string[], timeoutMs: number): Promise<string> =>
        runCommand('go', args, goOptions(context, timeoutMs));
      await go(['version'], 10_000);
      context.onProgress(`building ${program.module} with Go, some minutes for the first time`);
      await writeFile(
        join(context.folder, 'go.mod'),
        'module composemesh.invalid/tool\n\ngo 1.24\n',
      );
      await go(['get', '-tool', `${program.module}@v${program.version}`], fetchTimeoutMs);
      await go(['mod', 'tidy'], fetchTimeoutMs);
      await verifySum(context.folder, program);
      const path = join(context.folder, 'built');
      const flags = ['-trimpath', '-ldflags', '-s -w'];
      await go(['build', ...flags, '-o', path, program.module], buildTimeoutMs);
      return path;
    },
  };
}

function goOptions(
  { folder, env }: FetchContext,
  timeoutMs: number,
): Parameters<typeof runCommand>[2] {
  return { cwd: folder, env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' }, timeoutMs };
}

async function verifySum(folder: string, { module, version, sum }: GoProgram): Promise<void> {
  const sums = await readFile(join(folder, 'go.sum'), 'utf8');
  if (!sums.split('\n').includes(`${module} v${version} ${sum}`)) {
    throw new Error(`${module}@v${version} has not the pinned checksum ${sum}`);
  }
}
