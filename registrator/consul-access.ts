/** Reads the files that the way to Consul needs, once, at start. */
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, type AgentOptions } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { join } from 'node:path';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { OperationError } from '../kit/errors.ts';
import type { ConsulAddress, ConsulTls } from './consul-address.ts';

/** What both Consul clients are made with. */
export interface ConsulAccess {
  readonly address: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Throws OperationError `E_CONSUL_FILE` when a file cannot be read. */
export async function openConsul(consul: ConsulAddress): Promise<ConsulAccess> {
  const token = await readToken(consul);
  const agent = await createAgent(consul);
  const headers = {
    ...(consul.auth === undefined
      ? {}
      : { Authorization: `Basic ${Buffer.from(consul.auth).toString('base64')}` }),
    ...(consul.namespace === undefined ? {} : { 'X-Consul-Namespace': consul.namespace }),
    ...(consul.partition === undefined ? {} : { 'X-Consul-Partition': consul.partition }),
  };
  return {
    address: consul.address,
    ...(token === undefined ? {} : { token }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(agent === undefined ? {} : { agent }),
  };
}

async function readToken({ token, tokenFile }: ConsulAddress): Promise<string | undefined> {
  if (tokenFile === undefined) return token;
  return (await read('CONSUL_HTTP_TOKEN_FILE', tokenFile)).toString().trim();
}

async function createAgent({ socketPath, tls }: ConsulAddress): Promise<Agent | undefined> {
  if (tls !== undefined) return new SecureAgent({ keepAlive: true, ...(await readTls(tls)) });
  if (socketPath === undefined) return undefined;
  // An agent takes what a connection takes; the type declaration lacks it.
  const options: AgentOptions & { readonly socketPath: string } = { keepAlive: true, socketPath };
  return new Agent(options);
}

async function readTls({
  caFile,
  caFolder,
  certFile,
  keyFile,
  serverName,
  verify,
}: ConsulTls): Promise<SecureContextOptions & ConnectionOptions> {
  const authorities = [
    ...(caFile === undefined ? [] : [await read('CONSUL_CACERT', caFile)]),
    ...(caFolder === undefined ? [] : await readFolder('CONSUL_CAPATH', caFolder)),
  ];
  return {
    ...(authorities.length === 0 ? {} : { ca: authorities }),
    ...(certFile === undefined ? {} : { cert: await read('CONSUL_CLIENT_CERT', certFile) }),
    ...(keyFile === undefined ? {} : { key: await read('CONSUL_CLIENT_KEY', keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: verify,
  };
}

/** Every file of the folder, as Consul's client does (rootcerts.LoadCAPath). */
async function readFolder(variable: string, path: string): Promise<readonly Buffer[]> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw unreadable(variable, path, error);
  }
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.sort().map((name) => read(variable, join(path, name))));
}

async function read(variable: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(variable, path, error);
  }
}

function unreadable(variable: string, path: string, cause: unknown): OperationError {
  return new OperationError('E_CONSUL_FILE', `cannot read ${path}, which ${variable} names`, {
    cause,
  });
}
