import type { FastifyRequest } from 'fastify';
import { apiRoots, readFlag } from '../object-request.ts';
import type { Attributes } from './role.ts';

type Texts = Readonly<Record<string, string | undefined>>;

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

/**
 * What a request is about. It is taken from the route and the parameters that the router found, never from
 * the URL: what is judged is what is done, however the path is written.
 */
export function attributesOf(request: FastifyRequest): Attributes {
  const { url: route = '' } = request.routeOptions;
  const params = request.params as Texts;
  const isObject =
    apiRoots.some((root) => route.startsWith(root)) && params['plural'] !== undefined;
  if (isObject) {
    const { group = '', plural = '', namespace, name } = params;
    return resource(request, { group, resource: plural, namespace, name });
  }
  const fixed =
    /^\/(?:api|apis\/([^/:]+))\/v1\/(?:namespaces\/:namespace\/)?([a-z]+)(?:\/:name)?(?:\/|$)/.exec(
      route,
    );
  if (fixed === null) {
    return { kind: 'path', verb: request.method.toLowerCase(), path: readPath(request) };
  }
  const [, group = '', plural = ''] = fixed;
  return resource(request, {
    group,
    resource: plural,
    namespace: params['namespace'],
    name: params['name'],
  });
}

interface Place {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

function resource(request: FastifyRequest, place: Place): Attributes {
  const { group, resource, namespace, name } = place;
  return {
    kind: 'resource',
    verb: verbOf(request, name !== undefined),
    group,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

function verbOf(request: FastifyRequest, isNamed: boolean): string {
  if (request.method === 'DELETE') return isNamed ? 'delete' : 'deletecollection';
  const verb = verbs[request.method];
  if (verb !== undefined) return verb;
  if (isNamed) return 'get';
  return readFlag(request, 'watch') ? 'watch' : 'list';
}

/** Of a path outside the resources, its route: that is what is served. */
function readPath(request: FastifyRequest): string {
  return request.routeOptions.url ?? '';
}
