/** The text of a template → text and actions, with the white space that `{{-` and `-}}` take away gone. */
import { TemplateError } from './template-error.ts';

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** What stands between `{{` and `}}`. */
  | { readonly kind: 'action'; readonly body: string };

const action = /^\{\{(-\s)?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`])*?)(\s-)?\}\}/;

/** Comments and empty texts are left out. Throws TemplateError. */
export function splitTemplate(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = text;
  let trims = false;
  for (let at = rest.indexOf('{{'); at >= 0; at = rest.indexOf('{{')) {
    const match = action.exec(rest.slice(at));
    if (match === null) throw new TemplateError('an action "{{" has no end "}}"');
    const [whole, trimsBefore, body = '', trimsAfter] = match;
    const before = trims ? rest.slice(0, at).trimStart() : rest.slice(0, at);
    pieces.push({ kind: 'text', text: trimsBefore === undefined ? before : before.trimEnd() });
    if (!/^\/\*.*\*\/$/s.test(body)) pieces.push({ kind: 'action', body: body.trim() });
    trims = trimsAfter !== undefined;
    rest = rest.slice(at + whole.length);
  }
  pieces.push({ kind: 'text', text: trims ? rest.trimStart() : rest });
  return pieces.filter((piece) => piece.kind === 'action' || piece.text !== '');
}
