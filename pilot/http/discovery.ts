import type { KindDefinition } from '../api/kind.ts';
import { hasStatus } from './reconciled.ts';

/** What the server offers, in the words of Kubernetes' discovery: built from the table of kinds. */

export const objectVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** All namespaces at once cannot be deleted (as in Kubernetes). */
const namespaceVerbs = objectVerbs.filter((verb) => verb !== 'deletecollection');

export interface ServedResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly hasStatus?: boolean;
}

export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly ServedVersion[];
}

export interface ServedVersion {
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

/** The core group without the kinds that are stored: events, of which there are none. */
const coreGroup: ServedGroup = {
  name: '',
  versions: [
    {
      version: 'v1',
      resources: [
        {
          name: 'events',
          singularName: 'event',
          namespaced: true,
          kind: 'Event',
          verbs: ['get', 'list'],
          shortNames: ['ev'],
        },
      ],
    },
  ],
};

/** The core group with the kinds that are stored. */
export function coreWith(kinds: readonly KindDefinition[]): ServedGroup {
  const members = kinds.filter(({ group }) => group === '').map(describeResource);
  return {
    ...coreGroup,
    versions: coreGroup.versions.map(({ version, resources }) => ({
      version,
      resources: [...resources, ...members],
    })),
  };
}

/** The groups of the kinds but for the core group, each with its versions in order of preference. */
export function groupKinds(kinds: readonly KindDefinition[]): readonly ServedGroup[] {
  const names = [...new Set(kinds.map(({ group }) => group).filter((group) => group !== ''))];
  return names.map((name) => {
    const members = kinds.filter(({ group }) => group === name);
    const versions = [...new Set(members.flatMap((member) => member.versions))];
    return {
      name,
      versions: versions.map((version) => ({
        version,
        resources: members
          .filter((member) => member.versions.includes(version))
          .map(describeResource),
      })),
    };
  });
}

function describeResource(definition: KindDefinition): ServedResource {
  const { plural, singular, kind, shortNames, categories, isClusterScoped } = definition;
  return {
    name: plural,
    singularName: singular,
    namespaced: isClusterScoped !== true,
    kind,
    verbs: kind === 'Namespace' ? namespaceVerbs : objectVerbs,
    shortNames,
    categories,
    hasStatus: hasStatus(definition),
  };
}

/** What can be done with the status; see status-routes.ts. */
const statusVerbs = ['get', 'patch', 'update'];

/** All groups in one answer (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery). */
export function aggregate(groups: readonly ServedGroup[], version: string): unknown {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === '' ? {} : { name: group.name },
      versions: group.versions.map((served) => ({
        version: served.version,
        freshness: 'Current',
        resources: served.resources.map((resource) => aggregateResource(group, served, resource)),
      })),
    })),
  };
}

function aggregateResource(
  group: ServedGroup,
  { version }: ServedVersion,
  resource: ServedResource,
): unknown {
  const { name, singularName, namespaced, kind, verbs, shortNames, categories } = resource;
  const responseKind = { group: group.name, version, kind };
  const status = { subresource: 'status', responseKind, verbs: statusVerbs };
  return {
    resource: name,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    shortNames,
    categories,
    ...(resource.hasStatus === true ? { subresources: [status] } : {}),
  };
}

/** One group as older clients ask for it. */
export function describeGroup({ name, versions }: ServedGroup): object {
  const described = versions.map(({ version }) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions: described, preferredVersion: described[0] };
}

export function describeVersion({ name }: ServedGroup, served: ServedVersion): unknown {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: name === '' ? served.version : `${name}/${served.version}`,
    resources: served.resources.flatMap(describeWithStatus),
  };
}

/** As older clients are told of a resource and its status. */
function describeWithStatus({
  hasStatus: isTwofold,
  ...resource
}: ServedResource): readonly object[] {
  if (isTwofold !== true) return [resource];
  const { name, namespaced, kind } = resource;
  const status = { name: `${name}/status`, singularName: '', namespaced, kind, verbs: statusVerbs };
  return [resource, status];
}
