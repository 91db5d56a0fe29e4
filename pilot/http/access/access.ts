import type { IncomingMessage } from 'node:http';
import { type Watched, WatchedCell } from '../../../kit/watched.ts';
import { ApiError } from '../api-error.ts';
import { createOriginCheck, plainAddress } from './origin.ts';
import type { Role } from './role.ts';
import { type TokenSet, noTokens } from './token-file.ts';

/** Who may do what; without it, this machine may do all and others may read. */
export interface AccessPolicy {
  /** The tokens in force. */
  readonly tokens: Watched<TokenSet>;
  /** What requests without a token may do that come from this machine. */
  readonly localRole: Role;
  /** What all others may do without a token. */
  readonly remoteRole: Role;
  /** See OriginOptions. */
  readonly forwarders: readonly string[];
}

export const defaultPolicy: AccessPolicy = {
  tokens: new WatchedCell<TokenSet>(),
  localRole: 'admin',
  remoteRole: 'read',
  forwarders: [],
};

/** Who sends a request, and what that allows. */
export interface Caller {
  /** A name of the token file, or system:anonymous. */
  readonly name: string;
  readonly role: Role;
  readonly address: string;
  /** Whether a token says who it is. */
  readonly isKnown: boolean;
  /** Why a request without a token is not taken for one of this machine. */
  readonly why?: string;
}

/** Kubernetes' name for whoever sends no credentials. */
const anonymous = 'system:anonymous';

/** Makes the function that says who sends a request. It throws ApiError 401 for credentials that are wrong. */
export function createIdentification(policy: AccessPolicy): (request: IncomingMessage) => Caller {
  const originOf = createOriginCheck(policy);
  return (request) => {
    const address = plainAddress(request.socket.remoteAddress) ?? '';
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      return identify(authorization, policy.tokens.current() ?? noTokens, address);
    }
    const origin = originOf(request);
    if (origin.kind === 'local') {
      return { name: anonymous, role: policy.localRole, address, isKnown: false };
    }
    const { why } = origin;
    return { name: anonymous, role: policy.remoteRole, address, isKnown: false, why };
  };
}

function identify(authorization: string, tokens: TokenSet, address: string): Caller {
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw unauthorized('only bearer tokens are taken (docs/access.md)');
  const holder = tokens.find(token);
  if (holder !== undefined) return { ...holder, address, isKnown: true };
  throw unauthorized(
    tokens.size === 0
      ? 'there are no tokens; start pilot with --token-file (docs/access.md)'
      : 'the token is not in the token file',
  );
}

/** kubectl prints the message after "You must be logged in to the server". */
export function unauthorized(message: string): ApiError {
  return new ApiError(401, 'Unauthorized', message);
}

/** The groups of the caller, as `kubectl auth whoami` shows them. */
export function groupsOf({ role, isKnown }: Caller): readonly string[] {
  return [isKnown ? 'system:authenticated' : 'system:unauthenticated', `mesh:${role}`];
}
