import { type Terminal, paintNothing } from '../../kit/terminal.ts';

/** A terminal that remembers what was written to it. */
export interface RecordedTerminal extends Terminal {
  readonly printed: () => string;
  readonly complained: () => string;
}

/** Without colours; `input` is what stands on standard input. */
export function recordTerminal(input = ''): RecordedTerminal {
  let printed = '';
  let complained = '';
  return {
    print: (text) => (printed += text),
    complain: (text) => (complained += text),
    paint: paintNothing,
    paintComplaint: paintNothing,
    readInput: () => Promise.resolve(input),
    printed: () => printed,
    complained: () => complained,
  };
}

/** The lines of a text, without the line feeds. */
export function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
