import { OperationError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { type DryRun, trialNote } from './apply.ts';
import type { Connection } from './connection.ts';
import { workOnFiles } from './file-objects.ts';
import { listObjects } from './list-objects.ts';
import { type NamedPlace, adviseOnMissing } from './missing-object.ts';
import { type ObjectClient, openObjectClient, placeOfObject } from './object-client.ts';
import { type FileChoice, namesFiles } from './rule-sources.ts';
import { readSelection } from './selection.ts';
import { type ObjectPlace, type ServedKind, showObject } from './served-kinds.ts';

export interface DeleteCommand {
  /** KIND NAME..., KIND/NAME...; empty when files name the objects. */
  readonly words: readonly string[];
  readonly files: FileChoice;
  readonly namespace?: string;
  readonly selector?: string;
  /** All of the kinds, in the namespace. */
  readonly isAll: boolean;
  /** With `isAll` or `selector`: in every namespace. */
  readonly isEverywhere: boolean;
  readonly dryRun: DryRun;
  /** What is not there counts as deleted. */
  readonly ignoreNotFound: boolean;
  readonly format?: 'name';
}

/**
 * `cmesh delete`. Exit codes: 0 all done, 1 something was not there or was refused. Throws OperationError `E_USAGE`,
 * `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`.
 */
export async function deleteObjects(
  pilot: Connection,
  command: DeleteCommand,
  terminal: Terminal,
): Promise<number> {
  assertClear(command);
  const client = await openObjectClient(pilot);
  const run = { client, command, terminal };
  const failures =
    command.words.length > 0 ? await deleteNamed(pilot, run) : await deleteFromFiles(run);
  return failures > 0 ? exitCodes.failed : exitCodes.done;
}

interface Run {
  readonly client: ObjectClient;
  readonly command: DeleteCommand;
  readonly terminal: Terminal;
  /** What to say of an object that is not there; files that do not fit the mesh need no advice for each. */
  readonly advise?: (place: NamedPlace) => Promise<string>;
}

function assertClear({ words, files, selector, isAll }: DeleteCommand): void {
  const isBroad = selector !== undefined || isAll;
  if (words.length > 0 === namesFiles(files)) {
    throw usage('name what to delete: KIND NAME, KIND/NAME, or -f FILE');
  }
  if (isBroad && namesFiles(files)) throw usage('-l and --all go with a KIND, not with -f');
  const isNamed = words.length > 1 || words.some((word) => word.includes('/'));
  if (words.length > 0 && isNamed === isBroad) {
    throw usage(
      isNamed
        ? 'a name and -l or --all exclude each other'
        : `"delete ${words.join(' ')}" names no object: add a NAME, -l LABEL=VALUE or --all`,
    );
  }
}

function usage(text: string): OperationError {
  return new OperationError('E_USAGE', text);
}

async function deleteFromFiles({ client, command, terminal }: Run): Promise<number> {
  let missing = 0;
  const { files, namespace } = command;
  const failures = await workOnFiles(
    {
      files,
      namespace,
      kinds: client.kinds,
      takes: 'named',
      order: 'referred to last',
      action: async ({ object }) => {
        const place = placeOfObject(client.kinds, object);
        if (!(await deleteOne(place, { client, command, terminal }))) missing += 1;
      },
    },
    terminal,
  );
  return failures + missing;
}

async function deleteNamed(pilot: Connection, run: Run): Promise<number> {
  const { client, command, terminal } = run;
  const { words, namespace = 'default', selector, isEverywhere } = command;
  let failures = 0;
  const empty: ServedKind[] = [];
  const selections = readSelection(words, client.kinds);
  const advised = { ...run, advise: (place: NamedPlace) => adviseOnMissing(pilot, place) };
  for (const { kind, name } of selections) {
    const places =
      name === undefined
        ? await findPlaces(pilot, kind, {
            namespace: isEverywhere ? undefined : namespace,
            selector,
          })
        : [{ kind, namespace, name }];
    for (const place of places) {
      if (!(await deleteOne(place, advised))) failures += 1;
    }
    if (places.length === 0) empty.push(kind);
  }
  // Of all kinds of Istio, most have no object: worth a word only where nothing is there to delete.
  const [only, ...more] = empty;
  if (only !== undefined && empty.length === selections.length) {
    terminal.complain(`No ${more.length === 0 ? only.plural : 'resources'} found\n`);
  }
  return failures;
}

async function findPlaces(
  pilot: Connection,
  kind: ServedKind,
  {
    namespace,
    selector,
  }: { readonly namespace: string | undefined; readonly selector: string | undefined },
): Promise<readonly NamedPlace[]> {
  const { items } = await listObjects(pilot, {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
  });
  return items.map(({ metadata }) => ({
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  }));
}

/** Whether it is gone, or may be missing. */
async function deleteOne(
  place: NamedPlace,
  { client, command, terminal, advise }: Run,
): Promise<boolean> {
  const { dryRun, ignoreNotFound, format } = command;
  const { kind, name } = place;
  const isThere =
    dryRun === 'client'
      ? (await client.get(place)) !== undefined
      : await client.remove(place, { isTrial: dryRun === 'server' });
  if (!isThere) {
    if (!ignoreNotFound) {
      const advice = (await advise?.(place)) ?? '';
      terminal.complain(`${showObject(kind)} "${name}" not found${inside(place)}${advice}\n`);
    }
    return ignoreNotFound;
  }
  terminal.print(
    format === 'name'
      ? `${showObject(kind, name)}\n`
      : `${showObject(kind)} "${name}" deleted${trialNote(dryRun)}\n`,
  );
  return true;
}

function inside({ kind, namespace }: ObjectPlace): string {
  return kind.isNamespaced && namespace !== undefined ? ` in namespace ${namespace}` : '';
}
