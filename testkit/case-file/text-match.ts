import { type FieldError, invalid } from '../../pilot/api/field-error.ts';
import type { WrittenTextMatch } from './case-file-schema.ts';

/** What a text must be. */
export type TextMatch =
  | { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }
  | { readonly kind: 'present' | 'absent' };

/** Reads what was written where a text is expected; the schema has accepted it. */
export function readTextMatch(written: WrittenTextMatch): TextMatch {
  if (typeof written !== 'object') return { kind: 'exact', value: String(written) };
  const fields = written as Readonly<Record<string, unknown>>;
  for (const kind of ['exact', 'prefix', 'regex'] as const) {
    const value = fields[kind];
    if (typeof value === 'string') return { kind, value };
  }
  return { kind: fields['absent'] === true ? 'absent' : 'present' };
}

/** What is wrong with it: none or several of the fields, or no regular expression. */
export function checkTextMatch(path: string, written: WrittenTextMatch): readonly FieldError[] {
  if (typeof written !== 'object') return [];
  const fields = written as Readonly<Record<string, unknown>>;
  if (Object.keys(fields).length !== 1) {
    return [invalid(path, written, 'write one of exact, prefix, regex, present and absent')];
  }
  if (fields['present'] === false || fields['absent'] === false) {
    return [invalid(path, written, 'write `present: true` or `absent: true`')];
  }
  const { regex } = fields;
  return typeof regex === 'string' && !isRegex(regex)
    ? [invalid(`${path}.regex`, regex, 'is no regular expression')]
    : [];
}

/** Whether a text is as expected; undefined: there is none. */
export function matchesText(match: TextMatch, text: string | undefined): boolean {
  if (match.kind === 'absent') return text === undefined;
  if (text === undefined) return false;
  switch (match.kind) {
    case 'present':
      return true;
    case 'exact':
      return text === match.value;
    case 'prefix':
      return text.startsWith(match.value);
    case 'regex':
      return compile(match.value)?.test(text) === true;
  }
}

export function describeTextMatch(match: TextMatch): string {
  switch (match.kind) {
    case 'present':
      return 'some value';
    case 'absent':
      return 'none';
    case 'exact':
      return JSON.stringify(match.value);
    case 'prefix':
      return `${JSON.stringify(match.value)} and more`;
    case 'regex':
      return `/${match.value}/`;
  }
}

/** Whether it is a regular expression of JavaScript. */
export function isRegex(text: string): boolean {
  return compile(text) !== undefined;
}

/** For the whole text, as in rules. */
function compile(regex: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${regex})$`, 's');
  } catch {
    return undefined;
  }
}
