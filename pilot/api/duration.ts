const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds from which on Go cannot count a duration: 2^63 nanoseconds, some 292 years. */
export const tooLong = 2 ** 63 / 1e6;

const term = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Milliseconds of a duration in Go's syntax (time.ParseDuration): decimal numbers with units, such as 1.5s,
 * 200ms or 1h30m, with an optional sign; a bare 0 is allowed. Undefined when `text` is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  const amount = sumTerms(unsigned);
  return amount === undefined ? undefined : sign * amount;
}

function sumTerms(text: string): number | undefined {
  if (text === '') return undefined;
  let sum = 0;
  term.lastIndex = 0;
  while (term.lastIndex < text.length) {
    const match = term.exec(text);
    if (match === null) return undefined;
    sum += Number(match[1]) * (unitMs[match[2] ?? ''] ?? NaN);
  }
  return sum;
}
