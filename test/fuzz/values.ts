import type { Random } from './random.ts';

/** Texts that have broken servers before. */
export const nastyTexts: readonly string[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '../..',
    '../../../../etc/passwd',
    '..\\..\\x',
    '/etc/passwd',
    '~',
    'a/b',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'],
  ...['\0', 'a\0b', '\r\nx: y', '\u2028', '\ud800', 'é', 'ＡＢＣ', 'İ', '\u202e', '😀', 'a\u0301'],
  ...['CON', 'nul', 'Reviews', 'REVIEWS', 'reviews.', '.reviews', '-', 'a..b', 'a--b'],
  ...['null', 'true', '0', '-1', '1e999', 'NaN', '0x10', '9007199254740993', '${jndi:ldap://x}'],
  ...['%2e%2e%2f', '%00', '%', '*', '*.*', '^(a+)+$', '((((((((((a*)*)*)*)*)*)*)*)*)*)', '[[[['],
  ...['"', "'", '`', '<script>', '{{7*7}}', '$where', '---', 'a: b', '&a *a', '!!js/function x'],
  ...['x'.repeat(63), 'x'.repeat(64), 'x'.repeat(253), 'x'.repeat(254), 'x'.repeat(2000)],
  ...['a.'.repeat(120), ','.repeat(3000), '('.repeat(3000), ' '.repeat(3000), '\\'.repeat(999)],
];

/** Values of every type, at their edges. */
const nastyValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, -(2 ** 63)],
  ...[[], {}, [[]], [null], [{}], { a: null }, [[[[[[]]]]]]],
  ...['10s', '-1s', '1h', '1.5', '1000000h', '10.0.0.0/33', '::1/129', '999.1.1.1', 'a=b'],
];

/** JSON that has the key __proto__ for its own, as JSON.parse gives it. */
const polluting = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"__proto__":{"polluted":true}}}',
].map((text) => JSON.parse(text) as unknown);

export function nastyValue(random: Random): unknown {
  const kind = random.integer(10);
  if (kind < 5) return random.pick(nastyTexts);
  return random.pick(kind < 9 ? nastyValues : polluting);
}

/** A copy of `value` that differs in one place: something gone, put in, taken twice or made into something else. */
export function mutate(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return mutateList(value, random);
  if (typeof value === 'object' && value !== null) {
    return mutateFields(Object.entries(value), random);
  }
  return nastyValue(random);
}

function mutateList(list: readonly unknown[], random: Random): unknown {
  const at = random.integer(list.length + 1);
  switch (random.integer(5)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.toSpliced(at, 0, nastyValue(random));
    case 2:
      return [...list, ...list];
    case 3:
      return nastyValue(random);
    default:
      return at === list.length ? list : list.with(at, mutate(list[at], random));
  }
}

function mutateFields(entries: readonly (readonly [string, unknown])[], random: Random): unknown {
  const at = random.integer(Math.max(1, entries.length));
  const [key = 'a', value] = entries[at] ?? [];
  switch (random.integer(8)) {
    case 0:
      return fromEntries(entries.toSpliced(at, 1));
    case 1:
      return fromEntries([...entries, [random.pick(nastyTexts), nastyValue(random)]]);
    case 2:
      return fromEntries(entries.toSpliced(at, 1, [random.pick(nastyTexts), value]));
    default:
      return fromEntries(entries.toSpliced(at, 1, [key, mutate(value, random)]));
  }
}

/** Makes __proto__ a key like any other; Object.fromEntries does that too. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}
