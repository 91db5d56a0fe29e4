/**
 * Contexts of the docker CLI: its context store on disk (docker/cli, cli/context/store): below
 * `contexts/meta/<sha256 of the name>/meta.json` the address, below `contexts/tls/…/docker` the certificates.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '../kit/errors.ts';
import { findNearest } from '../kit/nearest.ts';
import { parseDockerHost, type ContextAddress } from './docker-address.ts';
import type { EngineAddress } from './docker/engine.ts';

interface ContextFile {
  readonly Name?: unknown;
  readonly Endpoints?: { readonly docker?: { readonly Host?: unknown } };
}

/** Where the context leads. Throws OperationError `E_DOCKER_CONTEXT`. */
export async function openContext({ name, folder }: ContextAddress): Promise<EngineAddress> {
  const id = createHash('sha256').update(name).digest('hex');
  const file = await readContext(join(folder, 'contexts/meta', id, 'meta.json'));
  if (file === undefined) throw await missingContext(name, folder);
  const certificates = join(folder, 'contexts/tls', id, 'docker');
  const host = file.Endpoints?.docker?.Host;
  const hasTls = existsSync(join(certificates, 'ca.pem'));
  const address =
    typeof host === 'string' ? parseDockerHost(host, hasTls ? certificates : undefined) : undefined;
  if (address !== undefined) return address;
  throw new OperationError(
    'E_DOCKER_CONTEXT',
    `the docker context "${name}" leads to "${String(host)}", which is not supported; ` +
      'use one with unix://PATH or tcp://HOST:PORT',
  );
}

async function readContext(path: string): Promise<ContextFile | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ContextFile;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const message = `cannot read ${path} of the docker context`;
    throw new OperationError('E_DOCKER_CONTEXT', message, { cause: error });
  }
}

async function missingContext(name: string, folder: string): Promise<OperationError> {
  const names = await listContexts(join(folder, 'contexts/meta'));
  const nearest = findNearest(name, names);
  const hint =
    nearest === undefined
      ? `known are ${names.length === 0 ? 'none' : names.join(', ')}`
      : `did you mean "${nearest}"?`;
  const message = `there is no docker context "${name}" (DOCKER_CONTEXT) below ${folder}; ${hint}`;
  return new OperationError('E_DOCKER_CONTEXT', message);
}

async function listContexts(folder: string): Promise<readonly string[]> {
  const ids = await readdir(folder).catch(() => []);
  const files = await Promise.all(ids.map((id) => readContext(join(folder, id, 'meta.json'))));
  return files.flatMap((file) => (typeof file?.Name === 'string' ? [file.Name] : [])).sort();
}
