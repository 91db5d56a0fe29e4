/** Where a command talks to the person, or the script, that started it. */
export interface Terminal {
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Writes to standard error: warnings, progress, and why something could not be done. */
  readonly complain: (text: string) => void;
  /** Colours for standard output. */
  readonly paint: Paint;
  /** Colours for standard error. */
  readonly paintComplaint: Paint;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
}

/** Puts text in colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export type Colour = keyof typeof codes;

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Colours are for terminals whose owner has not asked for none (no-color.org, TERM=dumb). */
export function wantsColours(stream: Stream, env: Environment): boolean {
  const { NO_COLOR: refusal = '', TERM: type } = env;
  return stream.isTTY === true && refusal === '' && type !== 'dumb';
}

interface Stream {
  /** Missing where output goes to a file or to another program. */
  readonly isTTY?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function choosePaint(stream: Stream, env: Environment): Paint {
  return wantsColours(stream, env) ? paintAnsi : paintNothing;
}

export const paintNothing: Paint = (_colour, text) => text;

const paintAnsi: Paint = (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
