import { findNearest } from '../../kit/nearest.ts';
import { OperationError } from '../../kit/errors.ts';
import type { Connection } from './connection.ts';

/** A kind that pilot serves, as its discovery tells: this client knows no kinds of its own. */
export interface ServedKind {
  /** '' for the core group. */
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly DiscoveredResource[];
    }[];
  }[];
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly kind: string };
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** All kinds, those of Istio before those of the core group. Throws OperationError `E_PILOT_UNREACHABLE`, `E_PILOT_STRANGE`. */
export async function discoverKinds(pilot: Connection): Promise<readonly ServedKind[]> {
  const lists = await Promise.all(['/apis', '/api'].map((path) => discover(pilot, path)));
  return lists.flat();
}

async function discover(pilot: Connection, path: string): Promise<readonly ServedKind[]> {
  const { body } = await pilot.ask({ path, accept: discovery });
  const { items } = (body ?? {}) as DiscoveryList;
  if (items === undefined) {
    const text = `${pilot.address.url}${path} is not the configuration API of a mesh`;
    throw new OperationError('E_PILOT_STRANGE', text);
  }
  const found = new Map<string, ServedKind>();
  for (const { metadata, versions } of items) {
    for (const { version, resources } of versions) {
      for (const resource of resources) {
        const known = found.get(`${metadata?.name ?? ''}/${resource.resource}`);
        const kind = describeKind(metadata?.name ?? '', version, resource);
        found.set(
          `${kind.group}/${kind.plural}`,
          known === undefined ? kind : { ...known, versions: [...known.versions, version] },
        );
      }
    }
  }
  return [...found.values()];
}

function describeKind(group: string, version: string, found: DiscoveredResource): ServedKind {
  return {
    group,
    versions: [version],
    kind: found.responseKind.kind,
    plural: found.resource,
    singular: found.singularResource,
    shortNames: found.shortNames ?? [],
    categories: found.categories ?? [],
    isNamespaced: found.scope === 'Namespaced',
    verbs: found.verbs,
  };
}

/**
 * The kinds that a word of a command line means: a kind in one of its names (vs, virtualservice, VirtualServices,
 * virtualservices.networking.istio.io), a category such as istio-io, or `all`. Throws OperationError `E_USAGE` when
 * there is none.
 */
export function findKinds(kinds: readonly ServedKind[], word: string): readonly ServedKind[] {
  const wanted = word.toLowerCase();
  const named = kinds.find((kind) => namesOf(kind).includes(wanted));
  if (named !== undefined) return [named];
  const members = kinds.filter(({ categories }) => categories.includes(wanted));
  if (members.length > 0) return members;
  if (wanted === 'all') return kinds.filter(({ categories }) => categories.length > 0);
  throw unknownKind(kinds, word);
}

/** Every name of a kind, all in lower case; without a group the first kind of the list has it. */
export function namesOf({ group, versions, ...names }: ServedKind): readonly string[] {
  const full = [names.plural, names.singular];
  const plain = [...full, ...names.shortNames];
  if (group === '') return plain;
  return [
    ...plain,
    ...plain.map((name) => `${name}.${group}`),
    ...versions.flatMap((version) => full.map((name) => `${name}.${version}.${group}`)),
  ];
}

function unknownKind(kinds: readonly ServedKind[], word: string): OperationError {
  const known = kinds.flatMap(({ plural, singular, shortNames }) => [
    singular,
    plural,
    ...shortNames,
  ]);
  const nearest = findNearest(word, known);
  const advice =
    nearest === undefined
      ? `there are ${kinds.map(({ plural }) => plural).join(', ')}`
      : `did you mean ${nearest}?`;
  return new OperationError('E_USAGE', `the mesh has no kind "${word}": ${advice}`);
}

/** The kind of an object in a file; undefined when pilot does not serve it in that version. */
export function findServed(
  kinds: readonly ServedKind[],
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): ServedKind | undefined {
  return kinds.find(
    (served) =>
      served.kind === kind &&
      served.versions.some((version) => showVersion(served.group, version) === apiVersion),
  );
}

/** As `apiVersion` has it. */
function showVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** What a path leads to: all objects of a kind, those of a namespace, or one. */
export interface ObjectPlace {
  readonly kind: ServedKind;
  /** Missing: the preferred one. */
  readonly version?: string;
  /** Missing: all. */
  readonly namespace?: string | undefined;
  readonly name?: string;
}

/** The path in the API, such as /apis/networking.istio.io/v1/namespaces/default/virtualservices/reviews. */
export function pathOf({ kind, version, namespace, name }: ObjectPlace): string {
  const { group, versions, plural, isNamespaced } = kind;
  const chosen = version ?? versions[0] ?? '';
  const parts = [
    ...(group === '' ? ['api', chosen] : ['apis', group, chosen]),
    ...(isNamespaced && namespace !== undefined ? ['namespaces', namespace] : []),
    plural,
    ...(name === undefined ? [] : [name]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** As kubectl names an object: virtualservice.networking.istio.io/reviews; without a name, the kind. */
export function showObject({ singular, group }: ServedKind, name?: string): string {
  const kind = group === '' ? singular : `${singular}.${group}`;
  return name === undefined ? kind : `${kind}/${name}`;
}
