import { type Document, LineCounter } from 'yaml';
import { parseBoundedDocument } from './bounded-document.ts';
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
      /** What the parser says of the first mistake, in one line: those after it mostly follow from it. */
      readonly message: string;
      readonly place: Place;
    };

export function parseYamlDocument({ text, line }: DocumentText): YamlDocument {
  const lines = new LineCounter();
  const inStream = (place: Place): Place => ({ ...place, line: place.line + line - 1 });
  const document = parseBoundedDocument(text, lines);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const message = fault.message.split('\n')[0] ?? fault.message;
    return { ok: false, message, place: inStream(placeAt(lines, fault.pos[0])) };
  }
  return {
    ok: true,
    value: readValue(document),
    placeOf: (path) => inStream(placeOfField(document, lines, path)),
  };
}

function readValue(document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch {
    // yaml expands aliases a hundredfold at most; what wants more is refused like any value that is no object.
    return 'too many aliases';
  }
}
