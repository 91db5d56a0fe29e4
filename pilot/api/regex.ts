/**
 * Whether Envoy's regular expression engine, RE2, would accept an expression. JavaScript's own engine cannot
 * tell: it knows look-around and back-references, which RE2 leaves out so that matching takes linear time
 * (https://github.com/google/re2/wiki/Syntax).
 */

/** RE2 limits repetition counts to 1000. */
const maxRepeat = 1000;
/** Istio refuses longer expressions. */
const maxLength = 1024;

const escapes = /^[dDsSwWbBAzCQEaftnrvpPx.\\^$|?*+()[\]{}\-/:;,=!<>@#%&~`"' _0]$/;
const groupOpening = /^\(\?(?:P?<[A-Za-z_]\w*>|[imsU]*(?:-[imsU]+)?[:)])/;
const lookAround = /^\(\?(?:<?[=!])/;
const repetition = /^\{(\d+)(?:,(\d*))?\}/;

/** What RE2 would not accept in `pattern`, or undefined when it is fine. */
export function findRegexFault(pattern: string): string | undefined {
  if (pattern === '') return 'is empty; write at least one character, or leave the match out';
  if (pattern.length > maxLength) return `is longer than ${maxLength} characters`;
  return new Scanner(pattern).scan();
}

/** Walks over the expression once; the methods return a fault or move `at` forward. */
class Scanner {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  /** Whether there is something before `at` that a quantifier can repeat. */
  #repeatable = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  scan(): string | undefined {
    while (this.#at < this.#pattern.length) {
      const fault = this.#step();
      if (fault !== undefined) return fault;
    }
    return this.#depth > 0 ? 'has an opening ( without )' : undefined;
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
        return this.#quantifier(1);
      case '{':
        return this.#braces();
      case '|':
        return this.#advance(1, false);
      default:
        return this.#advance(1, true);
    }
  }

  #advance(count: number, repeatable: boolean): string | undefined {
    this.#at += count;
    this.#repeatable = repeatable;
    return undefined;
  }

  #escape(): string | undefined {
    const next = this.#pattern[this.#at + 1];
    if (next === undefined) return 'ends with a single \\';
    if (/[1-9]/.test(next)) return `uses the back-reference \\${next}, which RE2 does not know`;
    if (next === 'Q') return this.#quoted();
    if (!escapes.test(next)) return `uses \\${next}, which RE2 does not know`;
    return this.#advance(2, true);
  }

  #quoted(): string | undefined {
    const end = this.#pattern.indexOf('\\E', this.#at);
    return this.#advance((end === -1 ? this.#pattern.length : end + 2) - this.#at, true);
  }

  #characterClass(): string | undefined {
    let at = this.#at + 1;
    if (this.#pattern[at] === '^') at += 1;
    if (this.#pattern[at] === ']') at += 1;
    while (at < this.#pattern.length && this.#pattern[at] !== ']') {
      const named = /^\[:\^?[a-z]+:\]/.exec(this.#pattern.slice(at));
      at += named?.[0].length ?? (this.#pattern[at] === '\\' ? 2 : 1);
    }
    if (at >= this.#pattern.length) return 'has an opening [ without ]';
    return this.#advance(at + 1 - this.#at, true);
  }

  #open(): string | undefined {
    const rest = this.#pattern.slice(this.#at);
    if (lookAround.test(rest)) return 'uses look-around, which RE2 does not know';
    const special = groupOpening.exec(rest)?.[0];
    if (rest.startsWith('(?') && special === undefined) {
      return `has a group that RE2 does not know at "${rest.slice(0, 6)}"`;
    }
    if (special?.endsWith(')') !== true) this.#depth += 1;
    return this.#advance(special?.length ?? 1, false);
  }

  #close(): string | undefined {
    if (this.#depth === 0) return 'has a ) without (';
    this.#depth -= 1;
    return this.#advance(1, true);
  }

  #quantifier(length: number): string | undefined {
    const sign = this.#pattern.slice(this.#at, this.#at + length);
    if (!this.#repeatable) return `has ${sign} with nothing before it to repeat`;
    const lazy = this.#pattern[this.#at + length] === '?' ? 1 : 0;
    return this.#advance(length + lazy, false);
  }

  #braces(): string | undefined {
    const match = repetition.exec(this.#pattern.slice(this.#at));
    if (match === null) return this.#advance(1, true);
    const [all, low, high] = match;
    if (Number(low) > maxRepeat || Number(high ?? 0) > maxRepeat) {
      return `repeats more than ${maxRepeat} times in ${all}`;
    }
    if (high !== undefined && high !== '' && Number(high) < Number(low)) {
      return `has a maximum below the minimum in ${all}`;
    }
    return this.#quantifier(all.length);
  }
}
