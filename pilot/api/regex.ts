import {
  byteEscape,
  classEscape,
  findClassEnd,
  isUnicodeClass,
  unicodeClass,
  unknownClass,
  unknownEscape,
} from './regex-class.ts';

/**
 * Whether Envoy's regular expression engine, RE2, would accept an expression. JavaScript's own engine cannot
 * tell: it knows look-around and back-references, which RE2 leaves out so that matching takes linear time
 * (https://github.com/google/re2/wiki/Syntax). Envoy matches bytes, so a character beyond ASCII is several.
 */

/** RE2 limits repetition counts, and what nested ones multiply to. */
const maxRepeat = 1000;
/** Istio refuses longer expressions. */
const maxLength = 1024;
/** Half of what Envoy allows a compiled expression (re2.max_program_size.error_level): the size is an estimate. */
const maxSize = 16_384;

const assertion = /^\\[AbBz]/;
const groupOpening = /^\(\?(?:P?<[A-Za-z_]\w*>|[imsU]*(?:-[imsU]+)?[:)])/;
const lookAround = /^\(\?(?:<?[=!])/;
const repetition = /^\{(\d+)(?:,(\d*))?\}/;

/** What RE2 would not accept in `pattern`, or undefined when it is fine. */
export function findRegexFault(pattern: string): string | undefined {
  if (pattern === '') return 'is empty; write at least one character, or leave the match out';
  const bytes = Buffer.from(pattern);
  if (bytes.length > maxLength) return `is longer than ${maxLength} bytes`;
  return new Scanner(bytes.toString('latin1')).scan();
}

/** What stands between two parentheses, or what a quantifier repeats. */
interface Part {
  /** Instructions that it compiles to, about. */
  size: number;
  /** What the repetition counts within it multiply to. */
  repeats: number;
}

const atom = (): Part => ({ size: 1, repeats: 1 });

/** Walks over the bytes of the expression once; the methods return a fault or move `at` forward. */
class Scanner {
  readonly #pattern: string;
  #at = 0;
  /** The groups that are open, the outermost first. */
  readonly #groups: Part[] = [{ size: 0, repeats: 1 }];
  readonly #names = new Set<string>();
  /** What stands before `at` and can be repeated. */
  #last: Part | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  scan(): string | undefined {
    while (this.#at < this.#pattern.length) {
      const fault = this.#step();
      if (fault !== undefined) return fault;
    }
    if (this.#groups.length > 1) return 'has an opening ( without )';
    this.#settle();
    const { size = 0 } = this.#groups[0] ?? {};
    return size > maxSize ? 'repeats so much that it is too large to compile' : undefined;
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #step(): string | undefined {
    switch (this.#pattern.charAt(this.#at)) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#characterClass();
      case '(':
        return this.#open();
      case ')':
        return this.#close();
      case '*':
      case '+':
      case '?':
        return this.#quantifier(1, 1, 1);
      case '{':
        return this.#braces();
      case '|':
        return this.#advance(1, undefined);
      default:
        return this.#advance(1, atom());
    }
  }

  /** Goes on behind what can be repeated, or behind what cannot. */
  #advance(count: number, part: Part | undefined): string | undefined {
    this.#settle();
    this.#at += count;
    this.#last = part;
    return undefined;
  }

  /** Adds what will not be repeated any more to its group. */
  #settle(): void {
    const whole = this.#groups.at(-1);
    if (this.#last === undefined || whole === undefined) return;
    whole.size += this.#last.size;
    whole.repeats = Math.max(whole.repeats, this.#last.repeats);
    this.#last = undefined;
  }

  #escape(): string | undefined {
    const rest = this.#rest;
    if (rest === '\\') return 'ends with a single \\';
    if (rest.startsWith('\\Q')) return this.#quoted();
    const simple = byteEscape.exec(rest) ?? classEscape.exec(rest);
    if (simple !== null) return this.#advance(simple[0].length, atom());
    const place = assertion.exec(rest);
    if (place !== null) return this.#advance(place[0].length, atom());
    const unicode = unicodeClass.exec(rest);
    if (unicode !== null) return this.#unicode(unicode);
    if (/^\\[1-9]/.test(rest)) {
      return `uses the back-reference ${rest.slice(0, 2)}, which RE2 does not know`;
    }
    return unknownEscape(rest);
  }

  #unicode(found: RegExpExecArray): string | undefined {
    if (!isUnicodeClass(found)) return unknownClass(found[0]);
    // In bytes such a class is one of ranges of single ones.
    return this.#advance(found[0].length, { size: 16, repeats: 1 });
  }

  #quoted(): string | undefined {
    const end = this.#pattern.indexOf('\\E', this.#at);
    const length = (end === -1 ? this.#pattern.length : end + 2) - this.#at;
    // Of a quotation without content what stands before it can be repeated; nobody needs that.
    return this.#advance(
      length,
      length > 4 || end === -1 ? { size: length, repeats: 1 } : undefined,
    );
  }

  #characterClass(): string | undefined {
    const found = findClassEnd(this.#rest);
    if (typeof found === 'string') return found;
    return this.#advance(found.length, { size: found.items * 2, repeats: 1 });
  }

  #open(): string | undefined {
    const rest = this.#rest;
    if (lookAround.test(rest)) return 'uses look-around, which RE2 does not know';
    const opening = rest.startsWith('(?') ? groupOpening.exec(rest)?.[0] : '(';
    if (opening === undefined) {
      return `has a group that RE2 does not know at "${rest.slice(0, 6)}"`;
    }
    const name = /<(\w+)>/.exec(opening)?.[1];
    if (name !== undefined && !this.#isNew(name)) return `names two groups "${name}"`;
    this.#advance(opening.length, undefined);
    // Flags alone, such as (?i), open nothing.
    if (!opening.endsWith(')')) this.#groups.push({ size: 2, repeats: 1 });
    return undefined;
  }

  #isNew(name: string): boolean {
    const before = this.#names.size;
    return this.#names.add(name).size > before;
  }

  #close(): string | undefined {
    if (this.#groups.length === 1) return 'has a ) without (';
    this.#settle();
    const group = this.#groups.pop() ?? atom();
    return this.#advance(1, group);
  }

  /** `copies` of what is before stand in the compiled expression; `repeats` counts towards the limit. */
  #quantifier(length: number, copies: number, repeats: number): string | undefined {
    const sign = this.#pattern.slice(this.#at, this.#at + length);
    const last = this.#last;
    if (last === undefined) return `has ${sign} with nothing before it to repeat`;
    const product = last.repeats * repeats;
    if (product > maxRepeat) return `repeats more than ${maxRepeat} times in all at ${sign}`;
    const lazy = this.#pattern[this.#at + length] === '?' ? 1 : 0;
    this.#last = undefined;
    const whole = this.#groups.at(-1) ?? atom();
    whole.size += (last.size + 1) * Math.max(1, copies);
    whole.repeats = Math.max(whole.repeats, product);
    return this.#advance(length + lazy, undefined);
  }

  #braces(): string | undefined {
    const match = repetition.exec(this.#rest);
    if (match === null) return this.#advance(1, atom());
    const [all, low, high] = match;
    const most = high === undefined || high === '' ? Number(low) : Number(high);
    if (Number(low) > maxRepeat || most > maxRepeat) {
      return `repeats more than ${maxRepeat} times in ${all}`;
    }
    if (most < Number(low)) return `has a maximum below the minimum in ${all}`;
    return this.#quantifier(all.length, most, Math.max(1, most));
  }
}
