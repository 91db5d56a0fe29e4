import type { Document, LineCounter } from 'yaml';
import { isNode } from 'yaml';

/** Where in a YAML text something stands; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * The place of a field such as spec.http[0].route, or of the nearest thing around it that is there: what is
 * missing is reported where it should be.
 */
export function placeOfField(document: Document, lines: LineCounter, path: string): Place {
  const tokens = splitPath(path);
  for (let length = tokens.length; length >= 0; length -= 1) {
    const node: unknown =
      length === 0 ? document.contents : document.getIn(tokens.slice(0, length), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return placeAt(lines, offset);
  }
  return { line: 1, column: 1 };
}

export function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** `spec.http[0].headers[end-user]` → the keys and indices on the way. */
function splitPath(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([token, inBrackets]) =>
    inBrackets !== undefined && /^\d+$/.test(inBrackets)
      ? Number(inBrackets)
      : (inBrackets ?? token),
  );
}
