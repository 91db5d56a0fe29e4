import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import type { Json } from '../api/resource.ts';
import { type DocumentEdit, editDocument, newDocument, writeDocument } from './yaml-edit.ts';

const text = `# who: the reviews team
apiVersion: networking.istio.io/v1 # stable
kind: VirtualService
metadata:
  name: reviews # do not rename
spec:
  hosts: [reviews] # short form
  # everything to v1 for now
  http:
    - route:
        - destination:
            host: reviews
            subset: v1 # next: v2
`;

/** The same as others write it. */
const habits = text
  .replace('[reviews]', '[ reviews ]')
  .replace('    - route:', '  - route:')
  .replace('        - destination:', '    - destination:')
  .replace('            host', '        host')
  .replace('            subset', '        subset');

describe('editDocument', () => {
  it('keeps comments and form of what stays', () => {
    const edited = editDocument(text, virtualServiceObject('reviews', 'v2')).text;
    assert.equal(edited, text.replace('subset: v1', 'subset: v2'));
  });

  it('keeps the habits of the file: indentation of lists, padding of brackets', () => {
    const edited = editDocument(habits, virtualServiceObject('reviews', 'v2')).text;
    assert.equal(edited, habits.replace('subset: v1', 'subset: v2'));
  });

  it('touches nothing but a value that has changed', () => {
    const odd = text
      .replace('spec:', 'spec:   # what it does')
      .replace('[reviews]', '[ "reviews" ,]')
      .replace('subset: v1', "subset:   'v1'  ");
    const edited = editDocument(odd, virtualServiceObject('reviews', 'v2')).text;
    assert.equal(edited, odd.replace("'v1'", "'v2'"));
  });

  it('keeps the separator and adds what is new', () => {
    const object = virtualServiceObject('reviews', 'v1');
    const labelled = { ...object, metadata: { ...object.metadata, labels: { app: 'reviews' } } };
    const edited = editDocument(`--- # second\n${text}`, labelled).text;
    assert.equal(
      edited,
      `--- # second\n${text}`.replace('rename\n', 'rename\n  labels:\n    app: reviews\n'),
    );
  });

  it('keeps a byte order mark, line breaks of Windows and the separator, also where something is new', () => {
    const windows = `\uFEFF--- # first\n${habits}`.replaceAll('\n', '\r\n');
    const object = virtualServiceObject('reviews', 'v2');
    const labelled = { ...object, metadata: { ...object.metadata, labels: { app: 'reviews' } } };
    const label = 'rename\r\n  labels:\r\n    app: reviews\r\n';
    const changed = windows.replace('subset: v1', 'subset: v2');
    assert.deepEqual(
      [editDocument(windows, object).text, editDocument(windows, labelled).text],
      [changed, changed.replace('rename\r\n', label)],
    );
  });

  it('changes nothing in another place that bears the same name', () => {
    const routes = (first: string, second: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  http:
    - name: one # first
      route:${first}
    - name: two
      route:${second}
`;
    const weighs = (weight: number, note = ''): string => `\n        - weight: ${weight}${note}`;
    const note = ' # of 100';
    const edit = (...weights: readonly number[]): string => {
      const names = ['one', 'two'];
      const http = weights.map((weight, index) => ({ name: names[index], route: [{ weight }] }));
      const object = { ...virtualServiceObject('reviews', ''), spec: { http } as unknown as Json };
      return editDocument(routes(` &r${weighs(90, note)}`, ' *r'), object).text;
    };
    assert.deepEqual(
      [edit(80, 90), edit(90, 80), edit(80, 80)],
      [
        routes(weighs(80, note), weighs(90, note)),
        routes(` &r${weighs(90, note)}`, weighs(80)),
        routes(` &r${weighs(80, note)}`, weighs(80)),
      ],
    );
  });

  it('gives a document that says what the object says, whatever in it has names', () => {
    const parts = fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 2, maxLength: 3 });
    const picks = fc.array(fc.nat(), { minLength: 2, maxLength: 6 });
    const specOf = (from: readonly unknown[], chosen: readonly number[]): object =>
      Object.fromEntries(chosen.map((pick, index) => [`f${index}`, from[pick % from.length]]));
    let named = 0;
    fc.assert(
      fc.property(parts, picks, picks, (given, first, second) => {
        const object = virtualServiceObject('reviews', 'v1');
        const before = stringify({ ...object, spec: specOf(given, first) });
        named += before.includes('*a1') ? 1 : 0;
        const spec = JSON.parse(JSON.stringify(specOf(given, second))) as Json;
        const said = parse(editDocument(before, { ...object, spec }).text) as { spec: Json };
        assert.deepEqual(JSON.parse(JSON.stringify(said.spec)), spec);
      }),
      { numRuns: 100 },
    );
    assert.ok(named > 25, `only ${named} documents had names`);
  });

  it('takes a field for what it is, even if it is named as a method of every object', () => {
    const object = virtualServiceObject('reviews', 'v1');
    const once = editDocument(writeDocument(object), { ...object, spec: { valueOf: {} } }).text;
    const twice = editDocument(once, { ...object, spec: {} }).text;
    assert.deepEqual(
      [once, twice].map((document) => (parse(document) as { spec: unknown }).spec),
      [{ valueOf: {} }, {}],
    );
  });

  it('gives a document that says what the object says', () => {
    const before = writeDocument(virtualServiceObject('reviews', 'v1'));
    const specs = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    fc.assert(
      fc.property(specs, specs, (first, second) => {
        const object = virtualServiceObject('reviews', 'v1');
        const once = editDocument(before, { ...object, spec: first as Json }).text;
        const twice = editDocument(once, { ...object, spec: second as Json }).text;
        const said = [once, twice].map((document) => (parse(document) as { spec: unknown }).spec);
        // YAML has a negative zero, JSON has not.
        assert.deepEqual(
          JSON.parse(JSON.stringify(said)),
          JSON.parse(JSON.stringify([first, second])),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('puts any value in the place of any other, however that is written', () => {
    const forms = `spec:
  plain: one # a comment
  "long": two
    lines
  flow: [ one, 'two',"three" ,four]
  json: {"a":"b","c":1, d: e}
  none:
  block: |
    text
  items:
  - one
  -   "two"
`;
    const head = 'apiVersion: v1\nkind: Sidecar\nmetadata:\n  name: reviews\n';
    const { spec } = parse(forms) as { spec: Json };
    const values = fc.oneof(
      fc.constantFrom(
        'v1',
        'true',
        '8',
        '*',
        '#',
        'a: b',
        ' #a',
        "it's",
        '"',
        'a\\b',
        'a\n',
        '',
        '-',
        '?',
      ),
      fc.constantFrom('a,b', ']', 'ä', '~', '---', '%', null, true, 8, 1.5, -0),
    );
    const { length } = leavesOf(spec);
    const one = fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, values);
    const changes = fc.array(one, { minLength: length, maxLength: length });
    let count = 0;
    fc.assert(
      fc.property(changes, (changed) => {
        const after = {
          ...virtualServiceObject('reviews', 'v1'),
          spec: replaceLeaves(spec, changed),
        };
        const edited = editDocument(head + forms, after);
        const said = parse(edited.text) as { spec: Json };
        assert.deepEqual(JSON.stringify(said.spec), JSON.stringify(after.spec));
        if (edited.value === undefined) return;
        assert.deepEqual(JSON.stringify(edited.value), JSON.stringify(said));
        count += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(count > 50, `only ${count} documents were known`);
  });

  it('knows of a document only what it says', () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    const known = ({ text: written, value }: DocumentEdit): boolean => {
      if (value === undefined) return false;
      // Without absent fields and without the negative zero of YAML, which no JSON has.
      const [given, said] = [value, parse(written) as unknown].map(
        (one) => JSON.parse(JSON.stringify(one)) as unknown,
      );
      assert.deepEqual(given, said);
      return true;
    };
    let count = 0;
    fc.assert(
      fc.property(texts, texts, fc.jsonValue({ maxDepth: 2 }), (first, second, other) => {
        const object = virtualServiceObject('reviews', 'v1');
        const created = newDocument({ ...object, spec: { first, other: other as Json } });
        const changed = { ...object, spec: { first: second, other: other as Json } };
        const edited = editDocument(created.text, changed);
        count += [created, edited].filter(known).length;
      }),
      { numRuns: 200 },
    );
    assert.ok(count > 200, `only ${count} documents were known`);
  });
});

function leavesOf(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap((item: Json) => leavesOf(item));
}

/** With the values of `changed` in the places of the leaves, in their order; undefined leaves one as it is. */
function replaceLeaves(value: Json, changed: readonly (Json | undefined)[]): Json {
  const rest = [...changed];
  const text = JSON.stringify(value, (_key, item: Json) => {
    if (typeof item === 'object' && item !== null) return item;
    const next = rest.shift();
    return next === undefined ? item : next;
  });
  return JSON.parse(text) as Json;
}
