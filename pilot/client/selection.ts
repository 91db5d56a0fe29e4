import { OperationError } from '../../kit/errors.ts';
import { type ServedKind, findKinds } from './served-kinds.ts';

/** Objects that somebody named on the command line. */
export interface Selection {
  readonly kind: ServedKind;
  /** Missing: all of them. */
  readonly name?: string;
  /** Missing: that of the command. */
  readonly namespace?: string;
}

/**
 * Reads KIND, KIND NAME..., KIND,KIND and KIND/NAME... as kubectl does. Throws OperationError `E_USAGE`.
 */
export function readSelection(
  words: readonly string[],
  kinds: readonly ServedKind[],
): readonly Selection[] {
  const [first, ...names] = words;
  if (first === undefined) {
    const text = `name what: KIND, KIND NAME or KIND/NAME; the kinds are ${kinds.map(({ plural }) => plural).join(', ')}`;
    throw new OperationError('E_USAGE', text);
  }
  if (words.some((word) => word.includes('/'))) return words.map((word) => readPair(word, kinds));
  const chosen = first.split(',').flatMap((word) => findKinds(kinds, word));
  const unique = [...new Set(chosen)];
  if (names.length === 0) return unique.map((kind) => ({ kind }));
  return unique.flatMap((kind) => [...new Set(names)].map((name) => ({ kind, name })));
}

function readPair(word: string, kinds: readonly ServedKind[]): Selection {
  const [kindName = '', name = '', ...rest] = word.split('/');
  if (kindName === '' || name === '' || rest.length > 0) {
    const text = `"${word}" is not KIND/NAME, such as virtualservice/reviews, as the other arguments are`;
    throw new OperationError('E_USAGE', text);
  }
  const [kind, another] = findKinds(kinds, kindName);
  if (kind === undefined || another !== undefined) {
    throw new OperationError('E_USAGE', `"${kindName}" means several kinds: name one`);
  }
  return { kind, name };
}
