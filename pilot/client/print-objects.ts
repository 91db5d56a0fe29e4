import type { ServedKind } from './served-kinds.ts';
import { showObject } from './served-kinds.ts';
import { type WireObject, withoutManagers } from './wire-object.ts';

/** The forms of `-o` in which whole objects are printed. */
export type ObjectFormat = 'json' | 'yaml' | 'name';

/** An object and its kind as pilot serves it. */
export interface ServedObject {
  readonly kind: ServedKind;
  readonly object: WireObject;
}

/** How a set of objects is printed. */
export interface PrintChoice {
  readonly format: ObjectFormat;
  /** One object that was asked for by its name stands by itself, everything else in a List. */
  readonly isSingle: boolean;
  /** Whether metadata.managedFields is shown. */
  readonly withManagers?: boolean;
}

/** The text of objects, ending with a line feed; it can be applied again. */
export async function printObjects(
  served: readonly ServedObject[],
  { format, isSingle, withManagers = false }: PrintChoice,
): Promise<string> {
  if (format === 'name') {
    return served.map(({ kind, object }) => `${showObject(kind, object.metadata.name)}\n`).join('');
  }
  const objects = served.map(({ object }) => (withManagers ? object : withoutManagers(object)));
  const [first] = objects;
  const shown =
    isSingle && first !== undefined && objects.length === 1
      ? first
      : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
  return format === 'json' ? `${JSON.stringify(shown, undefined, 2)}\n` : showYaml(shown);
}

/** YAML as people write rules: two blanks, no folded lines, no anchors; quoted where older YAML would see no text. */
export async function showYaml(value: unknown, { isSorted = false } = {}): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    sortMapEntries: isSorted,
    compat: 'yaml-1.1',
  });
}
