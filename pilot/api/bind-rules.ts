import type { FieldError } from './field-error.ts';
import { invalid } from './field-error.ts';
import { isDnsLabel, isIpAddress, isWildcardDomain } from './field-rules.ts';

/** Rules for where Gateway and Sidecar listen and what names they take. */

export const socketPrefix = 'unix://';

export function isSocket(address: string): boolean {
  return address.startsWith(socketPrefix);
}

/** An absolute path of a socket after unix://, or @ and a name for an abstract one. */
export function* checkSocket(path: string, address: string): Iterable<FieldError> {
  const socket = address.slice(socketPrefix.length);
  const isAbstract = socket.startsWith('@');
  if (!isAbstract && (!socket.startsWith('/') || socket.endsWith('/'))) {
    yield invalid(path, address, 'must be unix:// and an absolute path of a socket');
  }
}

/** An address to listen at; empty for all. */
export function* checkBindAddress(path: string, bind: string): Iterable<FieldError> {
  if (bind !== '' && !isIpAddress(bind)) {
    yield invalid(path, bind, 'must be an IP address, or unix:// and a path');
  }
}

/** The name after the namespace: fully qualified, and a wildcard only for whole labels. */
export function* checkQualifiedHost(path: string, name: string): Iterable<FieldError> {
  if (name !== '*' && !name.includes('.')) {
    yield invalid(path, name, 'must be a fully qualified name, with a dot, or *');
  } else if (!isWildcardDomain(name)) {
    yield invalid(path, name, 'must be a DNS name; only its first label may be *');
  } else if (name.includes('*') && name !== '*' && !name.startsWith('*.')) {
    yield invalid(path, name, '* stands for whole labels only; write *.example.com');
  }
}

/** A namespace, "." for the object's own or "*" for all. */
export function isNamespacePart(text: string): boolean {
  return text === '.' || text === '*' || isDnsLabel(text);
}
