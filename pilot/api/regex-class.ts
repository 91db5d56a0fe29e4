import { unicodeClasses } from './regex-classes.ts';

/** Classes and escapes of regular expressions as RE2 reads them, byte by byte: see regex.ts. */

/** What stands for a class of characters. */
export const classEscape = /^\\[dDsSwW]/;
/** What stands for one byte. */
export const byteEscape =
  /^\\(?:[afnrtv]|x[0-9A-Fa-f]{2}|x\{0*[0-9A-Fa-f]{1,2}\}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[^A-Za-z0-9\u0080-\uffff])/;
/** Classes of Unicode, by name or letter. */
export const unicodeClass = /^\\[pP](?:\{(\^?)(\w*)\}|([A-Za-z]))/;
const namedClass =
  /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

export interface ClassFound {
  /** Characters that it has, with its brackets. */
  readonly length: number;
  readonly items: number;
}

/** Where the class ends with which `text` begins, or what is wrong with it. */
export function findClassEnd(text: string): string | ClassFound {
  return new ClassScanner(text).scan();
}

/** Walks over a class in brackets, from the opening one. */
class ClassScanner {
  readonly #text: string;
  #at = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the class ends, or what is wrong with it. */
  scan(): string | ClassFound {
    if (this.#text[this.#at] === '^') this.#at += 1;
    let items = 0;
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === ']' && items > 0) return { length: this.#at + 1, items };
      const fault = this.#item();
      if (fault !== undefined) return fault;
      items += 1;
    }
    return 'has an opening [ without ]';
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #item(): string | undefined {
    const rest = this.#rest;
    if (rest.startsWith('[:')) return this.#named(rest);
    const unicode = unicodeClass.exec(rest);
    if (unicode !== null && !isUnicodeClass(unicode)) return unknownClass(unicode[0]);
    const whole = unicode ?? classEscape.exec(rest);
    if (whole !== null) {
      this.#at += whole[0].length;
      return undefined;
    }
    return this.#range();
  }

  /** What only looks like the name of a class is a class of its characters. */
  #named(rest: string): string | undefined {
    const known = namedClass.exec(rest)?.[0];
    if (known === undefined) {
      const end = rest.indexOf(':]');
      if (end !== -1) return unknownClass(rest.slice(0, end + 2));
    }
    this.#at += known?.length ?? 1;
    return undefined;
  }

  #range(): string | undefined {
    const from = this.#byte();
    if (typeof from === 'string') return from;
    const isRange =
      this.#text[this.#at] === '-' && ![']', undefined].includes(this.#text[this.#at + 1]);
    if (!isRange) return undefined;
    this.#at += 1;
    const to = this.#byte();
    if (typeof to === 'string') return to;
    return to < from ? 'has a range in [ ] whose end comes before its beginning' : undefined;
  }

  /** The value of the next byte, or what is wrong with it. */
  #byte(): number | string {
    const rest = this.#rest;
    if (!rest.startsWith('\\')) {
      this.#at += 1;
      return rest.charCodeAt(0);
    }
    const escape = byteEscape.exec(rest)?.[0];
    if (escape === undefined) return unknownEscape(rest);
    this.#at += escape.length;
    return valueOf(escape.slice(1));
  }
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function valueOf(escape: string): number {
  if (escape.startsWith('x')) return Number.parseInt(escape.replace(/[x{}]/g, ''), 16);
  if (/^\d/.test(escape)) return Number.parseInt(escape, 8);
  return controls[escape] ?? escape.charCodeAt(0);
}

/** Whether RE2 knows the class that `unicodeClass` has found. */
export function isUnicodeClass([, , name, letter]: RegExpExecArray): boolean {
  return unicodeClasses.has(name ?? letter ?? '');
}

export function unknownClass(text: string): string {
  return `uses the class ${text}, which RE2 does not know`;
}

export function unknownEscape(rest: string): string {
  return `uses ${/^\\(?:x\{[^}]*\}|.)/.exec(rest)?.[0] ?? '\\'}, which RE2 does not know`;
}
