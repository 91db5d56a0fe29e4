/** What a template works with. */
export type TemplateValue = string | number | boolean | readonly string[] | TemplateMap;

export interface TemplateMap {
  readonly [key: string]: TemplateValue;
}

export type ValueKind = 'text' | 'number' | 'flag' | 'list' | 'map';

export function kindOf(value: TemplateValue): ValueKind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'flag';
  return Array.isArray(value) ? 'list' : 'map';
}

/** Neither false, 0, nor empty (text/template, "Actions"). */
export function isTrue(value: TemplateValue): boolean {
  return typeof value === 'object' ? sizeOf(value) > 0 : Boolean(value);
}

/** How many items, or letters, it has. */
export function sizeOf(value: string | readonly string[] | TemplateMap): number {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** Index or key of every item, and the item; the keys of a map in order. */
export function listItems(
  value: readonly string[] | TemplateMap,
): readonly (readonly [TemplateValue, TemplateValue])[] {
  if (Array.isArray(value)) return (value as readonly string[]).map((item, index) => [index, item]);
  return Object.entries(value as TemplateMap).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** A key that is not there is empty (Go prints `<no value>`, which nobody wants as a tag). */
export function readKey(value: TemplateValue, key: string): TemplateValue {
  if (kindOf(value) !== 'map') return '';
  const map = value as TemplateMap;
  return Object.hasOwn(map, key) ? (map[key] ?? '') : '';
}

/** As Go prints it: `[a b]`, `map[k:v]`. */
export function show(value: TemplateValue): string {
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.join(' ')}]`;
  const pairs = listItems(value).map(([key, item]) => `${show(key)}:${show(item)}`);
  return `map[${pairs.join(' ')}]`;
}
