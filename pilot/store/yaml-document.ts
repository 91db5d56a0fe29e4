import { LineCounter } from 'yaml';
import { type Dialect, parseBoundedDocument } from './bounded-document.ts';
import type { DocumentText } from './yaml-split.ts';
import { type Place, placeAt, placeOfField } from './yaml-place.ts';

/** A document of a YAML stream as data. */
export type YamlDocument =
  | {
      readonly ok: true;
      /** Null when the document is empty. */
      readonly value: unknown;
      /** Where in the stream a field stands; what is missing, where it should be. */
      readonly placeOf: (path: string) => Place;
    }
  | {
      readonly ok: false;
      /** The parser's own name for it, such as MULTIPLE_DOCS. */
      readonly code: string;
      /** What the parser says of the first mistake, in one line: those after it mostly follow from it. */
      readonly message: string;
      readonly place: Place;
    };

export function parseYamlDocument(
  { text, line }: DocumentText,
  dialect: Dialect = {},
): YamlDocument {
  const lines = new LineCounter();
  const inStream = (place: Place): Place => ({ ...place, line: place.line + line - 1 });
  const document = parseBoundedDocument(text, lines, dialect);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { code, pos, message } = fault;
    return {
      ok: false,
      code,
      message: firstLine(message),
      place: inStream(placeAt(lines, pos[0])),
    };
  }
  const placeOf = (path: string): Place => inStream(placeOfField(document, lines, path));
  try {
    return { ok: true, value: document.toJS(), placeOf };
  } catch (error) {
    // An alias without an anchor, or aliases that unfold to more than a hundred times of what is written.
    const { message } = error as ReferenceError;
    return { ok: false, code: 'BAD_ALIAS', message: firstLine(message), place: placeOf('') };
  }
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}
