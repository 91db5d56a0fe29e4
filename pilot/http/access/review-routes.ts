import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest } from '../api-error.ts';
import { type Caller, groupsOf } from './access.ts';
import { judgedOf } from './guard.ts';
import { type Attributes, isAllowed, neededRole, rulesOf } from './role.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What `kubectl auth can-i` and `kubectl auth whoami` ask; the answers are what the guard goes by. */
export function serveReviews(app: FastifyInstance): void {
  app.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', (request, reply) => {
    void reply.code(201);
    return reviewAccess(request);
  });
  app.post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', (request, reply) => {
    void reply.code(201);
    return reviewRules(request);
  });
  app.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', (request, reply) => {
    void reply.code(201);
    return reviewSelf(request);
  });
}

function reviewAccess(request: FastifyRequest): unknown {
  const { role } = callerOf(request);
  const spec = fieldsOf(fieldsOf(request.body)['spec']);
  const attributes = readAttributes(spec);
  const allowed = isAllowed(role, attributes);
  const reason = allowed
    ? `the role is ${role}`
    : `the role is ${role}, and that needs ${neededRole(attributes)}`;
  return review('authorization.k8s.io', 'SelfSubjectAccessReview', {
    spec,
    status: { allowed, reason },
  });
}

function readAttributes({ resourceAttributes, nonResourceAttributes }: Fields): Attributes {
  if (resourceAttributes !== undefined) {
    const text = textsOf(resourceAttributes);
    const [resource = '', ...group] = text('resource').split('.');
    return {
      kind: 'resource',
      verb: text('verb'),
      // Without discovery kubectl leaves the group in the name of the resource.
      group: text('group') === '' ? group.join('.') : text('group'),
      resource,
    };
  }
  if (nonResourceAttributes !== undefined) {
    const text = textsOf(nonResourceAttributes);
    return { kind: 'path', verb: text('verb'), path: text('path') };
  }
  throw badRequest('spec needs resourceAttributes or nonResourceAttributes');
}

function reviewRules(request: FastifyRequest): unknown {
  const { resources, paths } = rulesOf[callerOf(request).role];
  return review('authorization.k8s.io', 'SelfSubjectRulesReview', {
    spec: {},
    status: { resourceRules: resources, nonResourceRules: paths, incomplete: false },
  });
}

function reviewSelf(request: FastifyRequest): unknown {
  const caller = callerOf(request);
  const userInfo = {
    username: caller.name,
    groups: groupsOf(caller),
    extra: { 'mesh.composemesh.dev/address': [caller.address] },
  };
  return review('authentication.k8s.io', 'SelfSubjectReview', { status: { userInfo } });
}

function review(group: string, kind: string, content: object): unknown {
  const metadata = { creationTimestamp: null };
  return { kind, apiVersion: `${group}/v1`, metadata, ...content };
}

function callerOf(request: FastifyRequest): Caller {
  const caller = judgedOf(request)?.caller;
  if (caller === undefined) throw new Error('a review before the guard');
  return caller;
}

/** Reads fields that are texts; what is none counts as empty. */
function textsOf(value: unknown): (name: string) => string {
  const fields = fieldsOf(value);
  return (name) => {
    const text = fields[name];
    return typeof text === 'string' ? text : '';
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
