import type { FieldError } from './field-error.ts';
import { unsupported } from './field-error.ts';

/** Protocols of ports, as Istio names them (istio/istio pkg/config/protocol); case does not matter. */

const http = ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB'];
const tls = ['HTTPS', 'TLS'];

const protocols = [
  'HTTP',
  'HTTP2',
  'HTTP_PROXY',
  'HTTPS',
  'GRPC',
  'GRPC-WEB',
  'TLS',
  'TCP',
  'UDP',
  'MONGO',
  'REDIS',
  'MYSQL',
];

/** Protocols by which a proxy can tell hosts apart. */
export const namedProtocols = ['HTTP', 'HTTP2', 'HTTP_PROXY', 'HTTPS', 'GRPC', 'GRPC-WEB', 'TLS'];

/** An empty protocol is found out from the bytes. */
export function* checkProtocol(path: string, protocol: string): Iterable<FieldError> {
  const name = protocol.toUpperCase();
  if (name !== '' && !protocols.includes(name)) {
    yield unsupported(path, protocol, protocols);
  }
}

export function carriesHostName(protocol: string): boolean {
  return namedProtocols.includes(protocol.toUpperCase());
}

/** Whether requests of the protocol are read without decrypting them first. */
export function isHttpProtocol(protocol: string): boolean {
  return http.includes(protocol.toUpperCase());
}

export function isTlsProtocol(protocol: string): boolean {
  return tls.includes(protocol.toUpperCase());
}
