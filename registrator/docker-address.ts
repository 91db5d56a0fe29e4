/** Where the Docker Engine is: DOCKER_HOST and the variables of its TLS. */
import type { EngineAddress } from './docker/engine.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where gliderlabs/registrator's users mount the socket. */
const defaultSocket = '/tmp/docker.sock';

/** As the docker CLI reads them: any value of DOCKER_TLS_VERIFY turns TLS on. */
export function parseDockerAddress(
  env: Environment,
  reject: (fault: string) => void,
): EngineAddress {
  const host = env['DOCKER_HOST'] ?? '';
  if (host === '') return { kind: 'socket', path: defaultSocket };
  if (host.startsWith('unix://') && host.length > 'unix://'.length) {
    return { kind: 'socket', path: host.slice('unix://'.length) };
  }
  return parseTcp(host, env) ?? refuse(host, reject);
}

function parseTcp(host: string, env: Environment): EngineAddress | undefined {
  const match = /^(tcp|https?):\/\/(\[[0-9a-f:.]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(host);
  if (match === null) return undefined;
  const [, scheme, name = '', port] = match;
  const secure = (env['DOCKER_TLS_VERIFY'] ?? '') !== '' || scheme?.toLowerCase() === 'https';
  const usualPort = secure ? 2376 : 2375;
  return {
    kind: 'tcp',
    host: name,
    port: port === undefined ? usualPort : Number(port),
    ...(secure ? { certificates: certificateFolder(env) } : {}),
  };
}

/** The docker CLI's own default is in the home folder. */
function certificateFolder(env: Environment): string {
  const folder = env['DOCKER_CERT_PATH'] ?? '';
  return folder === '' ? `${env['HOME'] ?? ''}/.docker` : folder;
}

function refuse(host: string, reject: (fault: string) => void): EngineAddress {
  reject(`DOCKER_HOST "${host}" is not supported; use unix://PATH or tcp://HOST:PORT`);
  return { kind: 'socket', path: defaultSocket };
}
