import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { kinds } from '../api/kinds.ts';
import { noSuchPath } from './api-error.ts';
import { varyBy } from './compression.ts';
import type { ServedGroup } from './discovery.ts';
import { aggregate, coreWith, describeGroup, describeVersion, groupKinds } from './discovery.ts';
import { FixedText } from './fixed-text.ts';

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

type Texts = Readonly<Record<string, string | undefined>>;

/** Discovery: what kinds there are, and how they are called. It changes only with the program. */
export function serveDiscovery(app: FastifyInstance): void {
  const groups = groupKinds(kinds);
  const core = coreWith(kinds);
  serveForms(app, '/api', [core], { kind: 'APIVersions', versions: ['v1'] });
  serveForms(app, '/apis', groups, {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(describeGroup),
  });
  serveText(app, '/version', fixed(version));
  const served = new Map(groups.map((group) => [group.name, describeServed(group)]));
  const answer = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { group = '', version: name = '' } = request.params as Texts;
    const text = served.get(group)?.get(name);
    if (text === undefined) throw noSuchPath();
    return text.answer(request, reply);
  };
  app.get('/apis/:group', answer);
  app.get('/apis/:group/:version', answer);
  for (const one of core.versions) {
    serveText(app, `/api/${one.version}`, fixed(describeVersion(core, one)));
  }
}

/** By version, and the group itself under ''. */
function describeServed(group: ServedGroup): ReadonlyMap<string, FixedText> {
  const versions = group.versions.map(
    (served) => [served.version, fixed(describeVersion(group, served))] as const,
  );
  const all = { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) };
  return new Map([['', fixed(all)], ...versions]);
}

function serveText(app: FastifyInstance, path: string, text: FixedText): void {
  app.get(path, (request, reply) => text.answer(request, reply));
}

function fixed(value: unknown): FixedText {
  return new FixedText(JSON.stringify(value));
}

/** Answers in the newest form that the client asks for; the content type must name it. */
function serveForms(
  app: FastifyInstance,
  path: string,
  groups: readonly ServedGroup[],
  legacy: object,
): void {
  const forms = new Map(
    ['v2', 'v2beta1'].map((name) => {
      const type = `application/json;g=apidiscovery.k8s.io;v=${name};as=APIGroupDiscoveryList`;
      return [name, new FixedText(JSON.stringify(aggregate(groups, name)), type)];
    }),
  );
  const old = fixed(legacy);
  app.get(path, (request, reply) => {
    varyBy(reply, 'Accept');
    const [, wanted = ''] = aggregated.exec(request.headers.accept ?? '') ?? [];
    return (forms.get(wanted) ?? old).answer(request, reply);
  });
}

const aggregated = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/;
