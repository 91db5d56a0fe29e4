import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { kinds } from '../api/kinds.ts';
import { noSuchPath } from './api-error.ts';
import type { ServedGroup } from './discovery.ts';
import { aggregate, coreWith, describeGroup, describeVersion, groupKinds } from './discovery.ts';

/** A Kubernetes version whose clients need nothing that is missing here. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+mesh',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: '',
};

/** Discovery: what kinds there are, and how they are called. */
export function serveDiscovery(app: FastifyInstance): void {
  const groups = groupKinds(kinds);
  const coreGroup = coreWith(kinds);
  app.get('/version', () => version);
  app.get('/api', (request, reply) =>
    sendDiscovery(request, reply, [coreGroup], { kind: 'APIVersions', versions: ['v1'] }),
  );
  app.get('/apis', (request, reply) =>
    sendDiscovery(request, reply, groups, {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map(describeGroup),
    }),
  );
  app.get('/api/v1', () => describeServed([coreGroup], '', 'v1'));
  app.get<{ Params: { group: string } }>('/apis/:group', ({ params }) => {
    const group = groups.find(({ name }) => name === params.group);
    if (group === undefined) throw noSuchPath();
    return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) };
  });
  app.get<{ Params: { group: string; version: string } }>('/apis/:group/:version', ({ params }) =>
    describeServed(groups, params.group, params.version),
  );
}

function describeServed(groups: readonly ServedGroup[], name: string, version: string): unknown {
  const group = groups.find((candidate) => candidate.name === name);
  const served = group?.versions.find((candidate) => candidate.version === version);
  if (group === undefined || served === undefined) throw noSuchPath();
  return describeVersion(group, served);
}

/** Answers in the newest form that the client asks for; the content type must name it. */
function sendDiscovery(
  request: FastifyRequest,
  reply: FastifyReply,
  groups: readonly ServedGroup[],
  legacy: object,
): FastifyReply {
  void reply.header('vary', 'Accept');
  const accept = request.headers.accept ?? '';
  const wanted = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/.exec(
    accept,
  )?.[1];
  if (wanted === undefined) return reply.send(legacy);
  return reply
    .type(`application/json;g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`)
    .send(JSON.stringify(aggregate(groups, wanted)));
}
