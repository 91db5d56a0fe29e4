import { parse } from '@marcbachmann/cel-js';

/** Characters. The parser calls itself for what is nested: some ten thousand signs would be the end of its stack. */
const longest = 4000;

/**
 * What keeps a text from being an expression of CEL (github.com/google/cel-spec, langdef.md), or undefined. What its names
 * stand for is not looked at, as Istio's webhook does not.
 */
export function findCelFault(expression: string): string | undefined {
  if (expression.length > longest) return `is longer than ${longest} characters`;
  try {
    parse(expression);
    return undefined;
  } catch (error) {
    return explain((error as Error).message);
  }
}

/** The parser says what is wrong, and shows the line behind its number with a mark below: `>    1 | a b`, `           ^`. */
function explain(message: string): string {
  const [said = '', ...shown] = message.split('\n');
  // Of a word, the parser names the last letter; the place is that of its beginning.
  const what = said.replace(/^(Unexpected character): .*/, '$1');
  const [, start = '', line = ''] = /^(>\s*(\d+) \| )/.exec(shown.at(-2) ?? '') ?? [];
  const column = (shown.at(-1)?.indexOf('^') ?? -1) - start.length + 1;
  return line === '' || column < 1 ? what : `${what} (line ${line}, column ${column})`;
}
