import type { Answer, Connection } from './connection.ts';
import {
  type ObjectPlace,
  type ServedKind,
  discoverKinds,
  findServed,
  pathOf,
} from './served-kinds.ts';
import { RefusedError, type WireObject, accepted } from './wire-object.ts';

/** How a write is done. */
export interface WriteChoice {
  /** Pilot says what would happen, and keeps nothing. */
  readonly isTrial: boolean;
}

/** What pilot made of an object. */
export interface Written {
  readonly object: WireObject;
  readonly warnings: readonly string[];
}

/** Reads and writes single objects. All throw what a connection throws, and RefusedError. */
export interface ObjectClient {
  readonly kinds: readonly ServedKind[];
  /** Undefined when there is none. */
  readonly get: (place: ObjectPlace) => Promise<WireObject | undefined>;
  readonly create: (
    place: ObjectPlace,
    object: WireObject,
    choice: WriteChoice,
  ) => Promise<Written>;
  readonly replace: (
    place: ObjectPlace,
    object: WireObject,
    choice: WriteChoice,
  ) => Promise<Written>;
  /** False when there was none. */
  readonly remove: (place: ObjectPlace, choice: WriteChoice) => Promise<boolean>;
}

/** Asks for the kinds that pilot serves, and gives a client for them. */
export async function openObjectClient(pilot: Connection): Promise<ObjectClient> {
  const kinds = await discoverKinds(pilot);
  const write = async (
    method: 'POST' | 'PUT',
    path: string,
    { object, isTrial }: WriteChoice & { readonly object: WireObject },
  ): Promise<Written> => {
    const query = `?fieldManager=cmesh&fieldValidation=Strict${isTrial ? '&dryRun=All' : ''}`;
    const answer = await pilot.ask({ method, path: `${path}${query}`, body: object });
    return { object: accepted(answer) as WireObject, warnings: answer.warnings };
  };
  return {
    kinds,
    get: async (place) => acceptedUnlessMissing(await pilot.ask({ path: pathOf(place) })),
    create: ({ kind, version, namespace }, object, { isTrial }) =>
      write('POST', pathOf({ kind, namespace, ...(version === undefined ? {} : { version }) }), {
        object,
        isTrial,
      }),
    replace: (place, object, { isTrial }) => write('PUT', pathOf(place), { object, isTrial }),
    remove: async (place, { isTrial }) => {
      const path = `${pathOf(place)}${isTrial ? '?dryRun=All' : ''}`;
      return acceptedUnlessMissing(await pilot.ask({ method: 'DELETE', path })) !== undefined;
    },
  };
}

function acceptedUnlessMissing(answer: Answer): WireObject | undefined {
  return answer.status === 404 ? undefined : (accepted(answer) as WireObject);
}

/** The place of one object. */
export interface FoundPlace extends ObjectPlace {
  readonly name: string;
  readonly version: string;
  /** Missing for a kind that is in no namespace. */
  readonly namespace?: string;
}

/** Where an object of a file stands in the API. Throws RefusedError when pilot does not serve its kind. */
export function placeOfObject(kinds: readonly ServedKind[], object: WireObject): FoundPlace {
  const kind = findServed(kinds, object);
  if (kind === undefined) {
    const message = `pilot does not serve ${object.kind} of ${object.apiVersion}`;
    throw new RefusedError({ status: 404, body: { message }, warnings: [] });
  }
  const { name, namespace = 'default' } = object.metadata;
  const version = object.apiVersion.split('/').at(-1) ?? '';
  return { kind, version, name, ...(kind.isNamespaced ? { namespace } : {}) };
}
