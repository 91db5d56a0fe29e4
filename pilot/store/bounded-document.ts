import {
  Composer,
  type CST,
  type Document,
  Lexer,
  type LineCounter,
  Parser,
  YAMLParseError,
} from 'yaml';

/** Objects of the mesh are some twenty levels deep; a level takes up to two places on the parser's stack. */
const maxDepth = 100;

const options = { prettyErrors: false, logLevel: 'error' } as const;

/** What of older versions of YAML is understood too. */
export interface Dialect {
  /** Whether `<<` takes over the keys of another map. */
  readonly merge?: boolean;
}

/**
 * `parseDocument` of yaml, with an error where the text is nested more than 100 levels deep. The library composes values
 * recursively, and Node ends the process, instead of throwing, when a regular expression is compiled at the end of the
 * stack. Its parser goes token by token, and hands a document on when that has ended: what is too deep is never composed.
 */
export function parseBoundedDocument(
  text: string,
  lineCounter: LineCounter,
  dialect: Dialect = {},
): Document.Parsed {
  let tooDeepAt: number | undefined;
  const onDepth = (offset: number): void => {
    tooDeepAt = offset;
  };
  const tokens = readTokens(text, lineCounter, onDepth);
  const composer = new Composer({ ...options, ...dialect, lineCounter });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document, further] = documents;
  // The library gives one even for an empty text.
  if (document === undefined) throw new Error('yaml has composed no document');
  if (tooDeepAt !== undefined) {
    const message = `is nested more than ${maxDepth} levels deep`;
    const position: [number, number] = [tooDeepAt, tooDeepAt + 1];
    document.errors.unshift(new YAMLParseError(position, 'RESOURCE_EXHAUSTION', message));
  } else if (further !== undefined) {
    const [start, end] = further.range;
    const message = 'a second document begins here; separate documents by ---';
    document.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', message));
  }
  return document;
}

/** Ends where it gets too deep. */
function* readTokens(
  text: string,
  lineCounter: LineCounter,
  onDepth: (offset: number) => void,
): Generator<CST.Token, void> {
  lineCounter.addNewLine(0);
  const parser = new Parser(lineCounter.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length <= 2 * maxDepth) continue;
    onDepth(parser.offset);
    return;
  }
  yield* parser.end();
}
