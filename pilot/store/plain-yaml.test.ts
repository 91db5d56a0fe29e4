import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { writePlainYaml } from './plain-yaml.ts';

const words = fc.constantFrom(
  ...['true', 'Null', '~', 'y', '---', '.inf', '0x1f', '1e5', '1_000', '10.0.0.1', '10s', '*'],
  ...['2026-01-02T03:04:05Z', 'a: b', 'a #b', "it's", '"a"', '{"a":"b"}\n', ' a', 'a ', 'a\\b', ''],
);
const scalars = fc.oneof(
  words,
  fc.string(),
  fc.stringMatching(/^[ -~]{1,10}\n?$/),
  fc.stringMatching(/^[\da-foxTZ:.+ -]{1,8}$/),
  fc.integer(),
  fc.double(),
  fc.constantFrom(true, false, null, undefined),
);
const keys = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][\w./-]{0,8}$/),
  fc.constantFrom('null', 'True', '__proto__', 'valueOf', 'a b', '1', ''),
);
const { fields } = fc.letrec<{ fields: Record<string, unknown>; value: unknown }>((tie) => ({
  fields: fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
  value: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('fields'),
  ),
}));

describe('writePlainYaml', () => {
  it('writes an object as a person would', () => {
    const { metadata, ...rest } = virtualServiceObject('reviews', 'v1');
    const { apiVersion, kind, spec } = rest;
    assert.equal(
      writePlainYaml({ apiVersion, kind, metadata, spec }),
      virtualServiceYaml('reviews', 'v1'),
    );
  });

  it('quotes what would be something else, and leaves the doubtful to others', () => {
    const texts = ['*', 'a: b', '{"a":1}\n', '10.0.0.1', '10s', '80', 'true', 'ä', 'a\nb', '-1'];
    assert.deepEqual(
      texts.map((text) => writePlainYaml({ text })),
      [
        'text: "*"\n',
        'text: "a: b"\n',
        'text: |\n  {"a":1}\n',
        'text: 10.0.0.1\n',
        'text: 10s\n',
        ...['80', 'true', 'ä', 'a\nb', '-1'].map(() => undefined),
      ],
    );
  });

  it('writes what the library writes, or nothing, and it reads back', () => {
    let count = 0;
    fc.assert(
      fc.property(fields, (value) => {
        const text = writePlainYaml(value);
        if (text === undefined) return;
        count += 1;
        assert.equal(text, stringify(value, { lineWidth: 0 }));
        const [said, given] = [parse(text) as unknown, value].map((one) => JSON.stringify(one));
        assert.equal(said, given);
      }),
      { numRuns: 3000 },
    );
    assert.ok(count > 300, `only ${count} were plain`);
  });
});
