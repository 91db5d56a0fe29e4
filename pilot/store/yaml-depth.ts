import { Lexer, Parser } from 'yaml';

/** Objects of the mesh are some twenty levels deep; a level takes up to two places on the parser's stack. */
const maxDepth = 100;

/**
 * Where YAML is nested more than 100 levels deep (offset in the text); undefined where it is not. The library composes
 * values recursively, and Node ends the process, instead of throwing, when a regular expression is compiled at the end
 * of the stack. Its parser, which runs here, goes token by token.
 */
export function findTooDeep(text: string): number | undefined {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    const tokens = parser.next(lexeme);
    while (tokens.next().done !== true);
    if (parser.stack.length > 2 * maxDepth) return parser.offset;
  }
  return undefined;
}

export const tooDeep = `is nested more than ${maxDepth} levels deep`;
