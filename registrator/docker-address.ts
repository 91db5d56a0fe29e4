/** Where the Docker Engine is: DOCKER_HOST and the variables of its TLS, or DOCKER_CONTEXT. */
import type { EngineAddress } from './docker/engine.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where gliderlabs/registrator's users mount the socket. */
const defaultSocket = '/tmp/docker.sock';

/** A context of the docker CLI, which has to be read from its folder. */
export interface ContextAddress {
  readonly kind: 'context';
  readonly name: string;
  /** DOCKER_CONFIG. */
  readonly folder: string;
}

/**
 * As the docker CLI reads them: any value of DOCKER_TLS_VERIFY turns TLS on, and DOCKER_HOST wins over
 * DOCKER_CONTEXT. The context that is current for a person is not followed.
 */
export function parseDockerAddress(
  env: Environment,
  reject: (fault: string) => void,
): EngineAddress | ContextAddress {
  const host = env['DOCKER_HOST'] ?? '';
  const context = env['DOCKER_CONTEXT'] ?? '';
  if (host === '' && context !== '' && context !== 'default') {
    return { kind: 'context', name: context, folder: configFolder(env) };
  }
  if (host === '') return { kind: 'socket', path: defaultSocket };
  const verifies = (env['DOCKER_TLS_VERIFY'] ?? '') !== '' || /^https:/i.test(host);
  return (
    parseDockerHost(host, verifies ? certificateFolder(env) : undefined) ?? refuse(host, reject)
  );
}

/** A socket or a TCP address as DOCKER_HOST has it, with TLS if there is a folder of certificates. */
export function parseDockerHost(
  host: string,
  certificates: string | undefined,
): EngineAddress | undefined {
  if (host.startsWith('unix://') && host.length > 'unix://'.length) {
    return { kind: 'socket', path: host.slice('unix://'.length) };
  }
  const match = /^(?:tcp|https?):\/\/(\[[0-9a-f:.]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(host);
  if (match === null) return undefined;
  const [, name = '', port] = match;
  const usualPort = certificates === undefined ? 2375 : 2376;
  return {
    kind: 'tcp',
    host: name,
    port: port === undefined ? usualPort : Number(port),
    ...(certificates === undefined ? {} : { certificates }),
  };
}

/** The docker CLI's own default is in the home folder. */
function certificateFolder(env: Environment): string {
  const folder = env['DOCKER_CERT_PATH'] ?? '';
  return folder === '' ? configFolder(env) : folder;
}

function configFolder(env: Environment): string {
  const folder = env['DOCKER_CONFIG'] ?? '';
  return folder === '' ? `${env['HOME'] ?? ''}/.docker` : folder;
}

function refuse(host: string, reject: (fault: string) => void): EngineAddress {
  reject(`DOCKER_HOST "${host}" is not supported; use unix://PATH or tcp://HOST:PORT`);
  return { kind: 'socket', path: defaultSocket };
}
