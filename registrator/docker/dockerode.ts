/**
 * dockerode without the gRPC server it loads to log in to registries during image builds. We build no
 * images, and the server costs 10 MB of the 80 MB that a registrator may take.
 */
import { createRequire } from 'node:module';
import type Docker from 'dockerode';

const require = createRequire(import.meta.url);

/** Fails loudly if a later dockerode calls it where we do. */
function refuseSession(): never {
  throw new Error('BuildKit sessions are not loaded');
}

const session = require.resolve('dockerode/lib/session');
require.cache[session] ??= { exports: refuseSession } as unknown as NodeJS.Module;

export const Dockerode = require('dockerode') as typeof Docker;
