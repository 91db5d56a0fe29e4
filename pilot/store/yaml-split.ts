/** A document of a YAML stream as text. */
export interface DocumentText {
  /** Begins with the separator line, except the first. */
  readonly text: string;
  /** The line of the stream it begins at, from 1. */
  readonly line: number;
}

/**
 * Cuts a YAML stream at its separators. A line that begins with `---` is one wherever it stands, even in a
 * block scalar (YAML 1.2.2 §9.1.2), so no parser is needed. The texts joined give the stream again.
 */
export function splitDocuments(stream: string): readonly DocumentText[] {
  const parts: DocumentText[] = [];
  let start = 0;
  let line = 1;
  for (const match of stream.matchAll(/^---(?=[\s]|$)/gm)) {
    if (match.index === 0 || isDirectives(stream.slice(start, match.index))) continue;
    const text = stream.slice(start, match.index);
    parts.push({ text, line });
    line += countLines(text);
    start = match.index;
  }
  parts.push({ text: stream.slice(start), line });
  return parts;
}

/** Directives such as %YAML 1.2 belong to the document that the next separator begins. */
function isDirectives(text: string): boolean {
  return /^%/m.test(text) && text.split('\n').every((line) => /^\s*(?:$|[%#])/.test(line));
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
