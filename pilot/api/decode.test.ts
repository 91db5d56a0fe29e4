import assert from 'node:assert/strict';
import { decodeObject, type DecodeResult } from './decode.ts';

const spec = { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }] }] };
const object = {
  apiVersion: 'networking.istio.io/v1beta1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec,
};

function messages(result: DecodeResult): readonly string[] {
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map(({ path = '', message }) => `${path}: ${message}`);
}

describe('decodeObject', () => {
  it('gives the object as it is stored and as the model reads it', () => {
    const key = { group: 'networking.istio.io', kind: 'VirtualService' };
    const metadata = { name: 'reviews', namespace: 'default' };
    assert.deepEqual(decodeObject(object, 'Strict'), {
      ok: true,
      warnings: [],
      object: { ...object, metadata },
      resource: { kind: 'VirtualService', key: { ...key, ...metadata }, metadata, spec },
    });
  });

  it('refuses, warns of or ignores unknown fields, and prunes them', () => {
    const http = [{ ...spec.http[0], tiemout: '1s' }];
    const odd = {
      ...object,
      metadata: { name: 'reviews', lables: {} },
      spec: { ...spec, http },
      extra: 1,
    };
    const unknown = ['extra', 'metadata.lables', 'spec.http[0].tiemout'];
    const meant = ['', ' (did you mean "labels"?)', ' (did you mean "timeout"?)'];
    const expected = unknown.map(
      (path, index) => `${path}: unknown field "${path}"${meant[index] ?? ''}`,
    );
    const results = (['Strict', 'Warn', 'Ignore'] as const).map((mode) => decodeObject(odd, mode));
    assert.deepEqual(
      results.map((result) => [result.ok, messages(result)]),
      [
        [false, expected],
        [true, expected],
        [true, []],
      ],
    );
    assert.deepEqual(
      results.map((result) => (result.ok ? result.object.spec : undefined)),
      [undefined, spec, spec],
    );
  });

  it('takes null for unset, and reports null among list items', () => {
    const unset = { ...object, spec: { ...spec, gateways: null, exportTo: null } };
    const result = decodeObject(unset, 'Strict');
    assert.deepEqual(result.ok ? result.object.spec : messages(result), spec);
    assert.deepEqual(messages(decodeObject({ ...object, spec: { hosts: [null] } }, 'Strict')), [
      'spec.hosts[0]: Invalid value: null: must be of type string',
    ]);
  });

  it('names path, value and type of what has the wrong structure', () => {
    const wrong = { hosts: 'reviews', http: [{ route: [{ destination: {}, weight: '10' }] }] };
    assert.deepEqual(messages(decodeObject({ ...object, spec: wrong }, 'Strict')), [
      'spec.hosts: Invalid value: "reviews": must be of type array; write ["reviews"]',
      'spec.http[0].route[0].destination.host: Required value: write it',
      'spec.http[0].route[0].weight: Invalid value: "10": must be of type integer; write it without quotes',
    ]);
  });

  it('says what is meant by a plain value in the place of an object', () => {
    const match = [{ uri: '/a', headers: { 'end-user': 'jason' } }];
    const route = [{ destination: { host: 'a', port: 9080 } }];
    const fault = { delay: { fixedDelay: '1s', percentage: 50 } };
    const wrong = { hosts: ['reviews'], http: [{ match, route, fault, corsPolicy: '*' }] };
    const asText = (text: string): string =>
      `must be of type object; write { exact: ${text} } or { prefix: ${text} } or { regex: ${text} }`;
    assert.deepEqual(messages(decodeObject({ ...object, spec: wrong }, 'Strict')), [
      `spec.http[0].match[0].uri: Invalid value: "/a": ${asText('"/a"')}`,
      `spec.http[0].match[0].headers[end-user]: Invalid value: "jason": ${asText('"jason"')}`,
      'spec.http[0].route[0].destination.port: Invalid value: 9080: must be of type object; write { number: 9080 }',
      'spec.http[0].fault.delay.percentage: Invalid value: 50: must be of type object; write { value: 50 }',
      'spec.http[0].corsPolicy: Invalid value: "*": must be of type object',
    ]);
  });

  it('keeps the name for messages when other metadata are wrong', () => {
    const metadata = { name: 'a', namespace: 'shop', labels: { app: 1 } };
    const result = decodeObject({ ...object, metadata }, 'Strict');
    assert.deepEqual(result.ok ? [] : result.problems.map(({ resource }) => resource), [
      'VirtualService shop/a',
    ]);
  });

  it('checks metadata', () => {
    const cases: readonly unknown[] = [
      undefined,
      {},
      { name: 'Reviews_1', namespace: 'A' },
      { name: 'a', labels: { app: 1 } },
      { name: 'a', labels: { app: 'no spaces' } },
      { name: 'a', finalizers: [], managedFields: [], generateName: 'x' },
      { name: 'a', finalizers: ['shop/wait'], ownerReferences: [{ name: 'b' }] },
      { name: `${'a'.repeat(100)}.${'b'.repeat(152)}` },
      { name: `a-.${'b'.repeat(251)}` },
      { name: 'a', annotations: { 'a b': '', 'x.example.com/Note_1': 'any text\n' } },
    ];
    assert.deepEqual(
      cases.map((metadata) => messages(decodeObject({ ...object, metadata }, 'Strict'))),
      [
        ['metadata: Required value: write at least metadata.name'],
        ['metadata.name: Required value: write a name'],
        [
          'metadata.name: Invalid value: "Reviews_1": must be lower-case letters, digits, - and . (a DNS name, RFC 1123), at most 253 characters',
          'metadata.namespace: Invalid value: "A": must be lower-case letters, digits and -',
        ],
        ['metadata.labels.app: Invalid value: 1: must be of type string; write it in quotes, "1"'],
        [
          'metadata.labels[app]: Invalid value: "no spaces": must be a label value: at most 63 letters, digits, -, _ or ., beginning and ending with a letter or digit',
        ],
        [],
        [
          'metadata.finalizers: is not kept: a deletion waits for nobody here',
          'metadata.ownerReferences: is not kept: nothing is deleted along with an owner here',
        ],
        [],
        [
          `metadata.name: Invalid value: "a-.${'b'.repeat(113)}...: must be lower-case letters, digits, - and . (a DNS name, RFC 1123), at most 253 characters`,
        ],
        [
          'metadata.annotations: Invalid value: "a b": must be an annotation key: a name, or a DNS prefix, / and a name',
        ],
      ],
    );
  });

  it('refuses what is no object of the mesh', () => {
    const cases: readonly unknown[] = [
      null,
      [],
      'text',
      {},
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } },
      { ...object, apiVersion: 'networking.istio.io/v9' },
    ];
    assert.deepEqual(
      cases.map((value) => decodeObject(value, 'Strict').ok),
      cases.map(() => false),
    );
  });

  it('leaves the prototypes of objects alone', () => {
    const poisoned: unknown = JSON.parse(
      `{"apiVersion":"${object.apiVersion}","kind":"VirtualService","metadata":{"name":"a",
        "labels":{"__proto__":"x"}},"spec":{"__proto__":{"hosts":["a"]},"constructor":{}}}`,
    );
    const result = decodeObject(poisoned, 'Ignore');
    assert.deepEqual([result.ok, Object.hasOwn(Object.prototype, 'hosts')], [false, false]);
  });
});
