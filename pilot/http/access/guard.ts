import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError, noSuchPath } from '../api-error.ts';
import { type AccessPolicy, type Caller, createIdentification, unauthorized } from './access.ts';
import { attributesOf } from './attributes.ts';
import { type Attributes, isAllowed, neededRole } from './role.ts';

/** What the guard knows of a request. */
export interface Judged {
  /** Missing when the credentials were wrong. */
  readonly caller?: Caller;
  readonly attributes: Attributes;
}

const judgements = new WeakMap<FastifyRequest, Judged>();

/** Who sends the request and what it is about; undefined before the guard has seen it. */
export function judgedOf(request: FastifyRequest): Judged | undefined {
  return judgements.get(request);
}

/**
 * Lets requests through that their sender may make, before their bodies are read. The others are answered with 401
 * when a token could help and none was sent, with 403 otherwise, and with 404 where there is nothing. Returns the
 * function that says whether a request that was let through would be so still: tokens come and go.
 */
export function guardRequests(
  app: FastifyInstance,
  policy: AccessPolicy,
): (request: FastifyRequest) => boolean {
  const identify = createIdentification(policy);
  app.addHook('onRequest', (request, _reply, done) => {
    const attributes = attributesOf(request);
    judgements.set(request, { attributes });
    const caller = identify(request.raw);
    judgements.set(request, { attributes, caller });
    const borrowed = borrowedName(request);
    if (!isAllowed(caller.role, attributes)) done(refuse(caller, attributes));
    else if (borrowed !== undefined) done(refuseToImpersonate(caller, borrowed));
    else if (request.is404) done(noSuchPath());
    else done();
  });
  return (request) => {
    try {
      return isAllowed(identify(request.raw).role, attributesOf(request));
    } catch {
      return false;
    }
  };
}

/** Somebody that the request is to be taken from, as `kubectl --as` has it; plural and name. */
interface BorrowedName {
  readonly plural: string;
  readonly name: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function borrowedName({ headers }: FastifyRequest): BorrowedName | undefined {
  const [header, value = ''] =
    Object.entries(headers).find(([name]) => name.startsWith('impersonate-')) ?? [];
  if (header === undefined) return undefined;
  const kind = header.slice('impersonate-'.length).split('-', 1)[0] ?? '';
  return { plural: kind === 'extra' ? 'userextras' : `${kind}s`, name: String(value) };
}

/** Whoever tries what another may do must not be told what he may himself, nor write in his own name. */
function refuseToImpersonate(caller: Caller, { plural, name }: BorrowedName): ApiError {
  return new ApiError(
    403,
    'Forbidden',
    `${plural} "${name}" is forbidden: User "${caller.name}" cannot impersonate resource "${plural}" in API group "" at ` +
      'the cluster scope: nobody can here; ask with the token of whom you mean (docs/access.md)',
    { kind: plural, name },
  );
}

function refuse(caller: Caller, attributes: Attributes): ApiError {
  const reason = reasonFor(caller, attributes);
  if (caller.role === 'none' && !caller.isKnown) return unauthorized(reason);
  const { subject, details } = describe(attributes);
  return new ApiError(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${caller.name}" cannot ${actionOf(attributes)}: ${reason}`,
    details,
  );
}

function reasonFor(caller: Caller, attributes: Attributes): string {
  const needed = neededRole(attributes);
  if (caller.isKnown) return `that needs the role ${needed}, and the token has ${caller.role}`;
  if (caller.why === undefined) {
    return `that needs a token with the role ${needed}; without one, this machine may ${mayDo(caller)} (docs/access.md)`;
  }
  return (
    `without a token this API lets others ${mayDo(caller)}, and ${caller.why}; ask from the machine of the mesh ` +
    `(http://localhost:8080), or over https with a token whose role is ${needed} (docs/access.md)`
  );
}

function mayDo({ role }: Caller): string {
  return role === 'none' ? 'do nothing' : role === 'read' ? 'only read, and no Secrets' : role;
}

function describe(attributes: Attributes): { readonly subject: string; readonly details: object } {
  if (attributes.kind === 'path') return { subject: 'the path', details: {} };
  const { group, resource: kind, name } = attributes;
  const plural = group === '' ? kind : `${kind}.${group}`;
  return {
    subject: name === undefined ? plural : `${plural} "${name}"`,
    details: { group, kind, ...(name === undefined ? {} : { name }) },
  };
}

/** In the words of Kubernetes' authorizer. */
function actionOf(attributes: Attributes): string {
  if (attributes.kind === 'path') return `${attributes.verb} path "${attributes.path}"`;
  const { verb, group, resource, namespace } = attributes;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `${verb} resource "${resource}" in API group "${group}" ${where}`;
}
