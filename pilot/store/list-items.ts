/** An object of a document, and where in the document it stands. */
export interface Item {
  readonly value: unknown;
  /** The path of the document's field that holds it; empty when it is the document itself. */
  readonly path: string;
  /** Its place in a List. */
  readonly index?: number;
}

/** What `kubectl get -o yaml` and `cmesh get -o yaml` print of several objects counts as the objects in it. */
export function itemsOf(document: object | string | number | boolean): readonly Item[] {
  const { kind, items } = document as { readonly kind?: unknown; readonly items?: unknown };
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  if (!isList) return [{ value: document, path: '' }];
  return items.map((value: unknown, index) => ({ value, path: pathOfItem(index), index }));
}

/** Where an item of a List stands in its document; without an index, the document itself. */
export function pathOfItem(index: number | undefined): string {
  return index === undefined ? '' : `items[${index}]`;
}

/** The path of a field below another one, either of which may be empty. */
export function joinPath(parent: string, field: string): string {
  if (parent === '') return field;
  return field === '' ? parent : `${parent}.${field}`;
}
