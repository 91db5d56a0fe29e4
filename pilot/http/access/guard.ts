import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.ts';
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
 * when a token could help and none was sent, and with 403 otherwise. Returns the function that says whether a request
 * that was let through would be so still: tokens come and go.
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
    if (isAllowed(caller.role, attributes)) done();
    else done(refuse(caller, attributes));
  });
  return (request) => {
    try {
      return isAllowed(identify(request.raw).role, attributesOf(request));
    } catch {
      return false;
    }
  };
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
