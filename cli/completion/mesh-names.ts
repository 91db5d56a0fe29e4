import type { ServedKind } from '../../pilot/client/served-kinds.ts';
import {
  type Candidate,
  type Completer,
  type Typed,
  askQuietly,
  completeArguments,
  completeOption,
} from './completers.ts';
import type { Command } from 'commander';

/** KIND NAME... and KIND/NAME...: kinds and names of the mesh that runs, and its namespaces for `-n`. */
export function completeObjects(command: Command): Command {
  return completeNamespaces(completeArguments(command, objects));
}

/** The namespaces of the mesh that runs, for `-n`. */
export function completeNamespaces(command: Command): Command {
  return completeOption(command, '--namespace', async ({ flags }) => ({
    candidates: await namesOf({ namespace: undefined, word: 'namespaces' }, flags),
  }));
}

const objects: Completer = async (typed) => {
  const { words, current, flags } = typed;
  const namespace = typeof flags['namespace'] === 'string' ? flags['namespace'] : 'default';
  const slash = current.indexOf('/');
  if (slash !== -1) {
    const word = current.slice(0, slash);
    const names = await namesOf({ namespace, word }, flags);
    return { candidates: names.map((name) => prefixed(`${word}/`, name)) };
  }
  const [kinds] = words;
  if (kinds === undefined) return { candidates: await kindsAfterCommas(current, flags) };
  if (kinds.includes('/')) {
    const known = await listKinds(flags);
    return { candidates: known.map(({ value }) => ({ value: `${value}/` })), isOpen: true };
  }
  const names = await namesOf({ namespace, word: kinds }, flags);
  return { candidates: names.filter(({ value }) => !words.includes(value)) };
};

/** `vs,d` goes on with a kind after the comma. */
async function kindsAfterCommas(
  current: string,
  flags: Typed['flags'],
): Promise<readonly Candidate[]> {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const kinds = await listKinds(flags);
  return kinds.map((kind) => prefixed(before, kind));
}

function prefixed(before: string, candidate: Candidate): Candidate {
  return { ...candidate, value: `${before}${candidate.value}` };
}

/** The kinds of the mesh that runs; where none does, those that this cmesh knows. */
async function listKinds(flags: Typed['flags']): Promise<readonly Candidate[]> {
  const { discoverKinds } = await import('../../pilot/client/served-kinds.ts');
  const served = await askQuietly(flags, discoverKinds);
  if (served.length > 0) return served.map(describeKind);
  const { kinds } = await import('../../pilot/api/kinds.ts');
  return kinds.map(describeKind);
}

function describeKind({
  plural,
  shortNames,
}: Pick<ServedKind, 'plural' | 'shortNames'>): Candidate {
  return {
    value: plural,
    ...(shortNames.length === 0 ? {} : { description: shortNames.join(', ') }),
  };
}

/** The names of the objects of the kinds that a word means. */
function namesOf(
  { namespace, word }: { readonly namespace: string | undefined; readonly word: string },
  flags: Typed['flags'],
): Promise<readonly Candidate[]> {
  return askQuietly(flags, async (pilot) => {
    const { discoverKinds, findKinds } = await import('../../pilot/client/served-kinds.ts');
    const { listObjects } = await import('../../pilot/client/list-objects.ts');
    const known = await discoverKinds(pilot);
    const chosen = [...new Set(word.split(',').flatMap((one) => findKinds(known, one)))];
    const lists = await Promise.all(
      chosen.map((kind) =>
        listObjects(pilot, {
          kind,
          ...(namespace === undefined ? {} : { namespace }),
        }),
      ),
    );
    const names = lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    return [...new Set(names)].map((value) => ({ value }));
  });
}
