/** Takes a program out of a container image, where Docker has the image or can pull it. */
import { join } from 'node:path';
import { runCommand, type Environment } from './command.ts';
import type { Source } from './provide.ts';

const answerTimeoutMs = 10_000;
const pullTimeoutMs = 120_000;

/** A program inside an image. */
export interface ImageProgram {
  readonly image: string;
  readonly path: string;
}

/** The source that copies a program out of an image; the images' programs are Linux ones. */
export function imageSource(
  { image, path }: ImageProgram,
  platform: string = process.platform,
): Source {
  return {
    way: `image ${image}`,
    origin: image,
    fetch: async ({ folder, env, onProgress }) => {
      if (platform !== 'linux') throw new Error('the program in it runs on Linux only');
      await ensureImage(image, env, onProgress);
      const target = join(folder, 'from-image');
      await copyOut({ image, path }, target, env);
      return target;
    },
  };
}

async function ensureImage(
  image: string,
  env: Environment,
  onProgress: (message: string) => void,
): Promise<void> {
  await docker(['version', '--format', '{{.Server.Version}}'], env);
  try {
    await docker(['image', 'inspect', image], env);
  } catch {
    onProgress(`pulling the image ${image}`);
    await docker(['pull', '--quiet', image], env, pullTimeoutMs);
  }
}

async function copyOut(program: ImageProgram, target: string, env: Environment): Promise<void> {
  const container = (await docker(['create', program.image], env)).trim();
  try {
    await docker(['cp', '--follow-link', `${container}:${program.path}`, target], env);
  } finally {
    await docker(['rm', '--force', '--volumes', container], env);
  }
}

function docker(
  args: readonly string[],
  env: Environment,
  timeoutMs = answerTimeoutMs,
): Promise<string> {
  return runCommand('docker', args, { env, timeoutMs });
}
