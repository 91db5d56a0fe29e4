import fc, { type Arbitrary } from 'fast-check';
import { retryConditions as conditions } from '../../../pilot/api/http-policy-rules.ts';
import { regexes } from './regexes.ts';

/** What requests are matched by, and rewritten to. */

/** Texts to compare with: as in a URL, in a header, and with characters of which only some are sent at all. */
export const texts: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/', '/productpage', '/api/v1', 'jason', 'GET', 'http') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'no-slash',
      '/a?b=c',
      '/a#b',
      '/%2e%2E/..//x',
      '/ü/😀',
      ' ',
      '*',
      '\\',
      '/{a}',
      '\t',
      '\u0000',
      '\n',
      '\r\nx: y',
      '\u007f',
      '\u2028',
      '/' + 'x'.repeat(5000),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
);

const filledTexts = texts.filter((text) => text !== '');

export const stringMatches: Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 2, arbitrary: texts.map((exact) => ({ exact })) },
  { weight: 2, arbitrary: filledTexts.map((prefix) => ({ prefix })) },
  { weight: 2, arbitrary: regexes.map((regex) => ({ regex })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

export const paths: Arbitrary<string> = fc.constantFrom(
  '/',
  '/v1',
  '',
  'no-slash',
  '/a?b=c',
  '/ü',
  '/\u0001',
  '/{x}',
  '/x'.repeat(2000),
);

export const authorities: Arbitrary<string> = fc.constantFrom(
  'example.com',
  'example.com:8080',
  'EXAMPLE.com',
  '10.0.0.1',
  '[::1]:80',
  '',
  'a b',
  'ü.example',
  '%REQ(x)%',
  'x'.repeat(2000),
);

/** All that the rules take, be it new, and statuses. */
export const retryConditions: Arbitrary<string> = fc
  .array(fc.constantFrom(...conditions, '503', '511', '100'), { minLength: 1, maxLength: 3 })
  .map((it) => it.join(','));
