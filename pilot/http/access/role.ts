import { kinds } from '../../api/kinds.ts';

/** What a caller may do; each includes those before it. */
export const roles = ['none', 'read', 'write', 'admin'] as const;

export type Role = (typeof roles)[number];

/** What a request is about, in the words of Kubernetes' authorization API. */
export type Attributes =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly namespace?: string;
      readonly name?: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

/** A rule as `kubectl auth can-i --list` shows it; `*` stands for all. */
export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

export interface PathRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface Rules {
  readonly resources: readonly ResourceRule[];
  readonly paths: readonly PathRule[];
}

const reading = ['get', 'list', 'watch'];
export const writing = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * They put code, or configuration that nobody checks, into every proxy: as in Istio, not for everybody who routes. A
 * namespace takes such objects with it when it is deleted.
 */
const adminKinds: ReadonlySet<string> = new Set(['EnvoyFilter', 'WasmPlugin', 'Namespace']);

/** Agents, supervisors and the check of versions that clients begin with need no role. */
const open: readonly PathRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: [...['/healthz/*', '/livez', '/readyz', '/version'], '/mesh/v1/*'],
  },
];

/** Everybody with a role may ask what it allows. */
const reviews: readonly ResourceRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  {
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io'],
    resources: ['selfsubjectreviews'],
  },
];

const readPaths: readonly PathRule[] = [...open, { verbs: ['get'], nonResourceURLs: ['*'] }];

const readable: readonly ResourceRule[] = [
  ...reviews,
  { verbs: reading, apiGroups: [''], resources: ['events'] },
  ...rulesFor(reading, ({ kind }) => kind !== 'Secret'),
];

/** What each role allows. Secrets are for those who may write them: the rest of the mesh needs only their names. */
export const rulesOf: Readonly<Record<Role, Rules>> = {
  none: { resources: [], paths: open },
  read: { resources: readable, paths: readPaths },
  write: {
    resources: [
      ...readable,
      { verbs: ['create', 'update', 'patch'], apiGroups: [''], resources: ['namespaces'] },
      ...rulesFor(writing, ({ kind }) => !adminKinds.has(kind)),
      { verbs: reading, apiGroups: [''], resources: ['secrets'] },
    ],
    paths: readPaths,
  },
  admin: {
    resources: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    paths: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  },
};

/** One rule for each group, with the kinds in it that `includes` takes. */
function rulesFor(
  verbs: readonly string[],
  includes: (definition: (typeof kinds)[number]) => boolean,
): readonly ResourceRule[] {
  const wanted = kinds.filter(includes);
  return [...new Set(wanted.map(({ group }) => group))].map((group) => ({
    verbs,
    apiGroups: [group],
    resources: wanted.filter((kind) => kind.group === group).map(({ plural }) => plural),
  }));
}

export function isAllowed(role: Role, attributes: Attributes): boolean {
  const { resources, paths } = rulesOf[role];
  if (attributes.kind === 'path') {
    return paths.some(
      ({ verbs, nonResourceURLs }) =>
        has(verbs, attributes.verb) && nonResourceURLs.some((url) => covers(url, attributes.path)),
    );
  }
  const { verb, group, resource } = attributes;
  return resources.some(
    (rule) => has(rule.verbs, verb) && has(rule.apiGroups, group) && has(rule.resources, resource),
  );
}

/** The least role that allows it. */
export function neededRole(attributes: Attributes): Role {
  return roles.find((role) => isAllowed(role, attributes)) ?? 'admin';
}

function has(allowed: readonly string[], value: string): boolean {
  return allowed.includes('*') || allowed.includes(value);
}

/** A URL of a rule may end with *, as in Kubernetes. */
function covers(url: string, path: string): boolean {
  return url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path;
}
