import fc, { type Arbitrary } from 'fast-check';

/** Numbers and durations, from the least to the most that is allowed. */

export const ports: Arbitrary<number> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(80, 80, 443, 9080, 9080, 3306, 7070, 8080) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, 15_000, 15_001, 15_006, 15_021, 15_090, 65_534, 65_535),
  },
);

/** Go's durations, from the least that Istio allows to the most that Go can count. */
export const durations: Arbitrary<string> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom('1ms', '25ms', '0.5s', '1s', '1.5s', '10s', '1m30s', '1h', '24h'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '+1s',
      '1000000us',
      '8760h',
      '876000h',
      '2562047h47m16.854s',
      '4294967s',
      '4294968s',
      '2147483647s',
      '4294967296s',
      '9223372036s',
      '1.001s',
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000_000 }).map((ms) => `${ms}ms`) },
);

export const weights: Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1, 10, 50, 90, 100) },
  { weight: 1, arbitrary: fc.constantFrom(2_147_483_647, 1_000_000) },
);
