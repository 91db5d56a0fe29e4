import assert from 'node:assert/strict';
import { decodeProtobuf } from './protobuf-object.ts';

function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function envelope(apiVersion: string, kind: string, ...fields: readonly Buffer[]): Buffer {
  const typeMeta = Buffer.concat([field(1, apiVersion), field(2, kind)]);
  return Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, typeMeta),
    field(2, Buffer.concat(fields)),
    field(3, ''),
    field(4, ''),
  ]);
}

const entry = (key: string, value: string): Buffer =>
  Buffer.concat([field(1, key), field(2, value)]);

describe('decodeProtobuf', () => {
  it('reads a Secret as the JSON of the same object', () => {
    const metadata = Buffer.concat([
      field(1, 'pair'),
      field(2, ''),
      field(3, 'shop'),
      field(8, ''),
      field(11, entry('app', 'a')),
      field(11, entry('tier', 'x'.repeat(200))),
    ]);
    const body = envelope(
      'v1',
      'Secret',
      field(1, metadata),
      field(2, entry('a', 'plain\xff')),
      field(2, entry('b', '')),
      field(3, 'Opaque'),
      field(4, entry('c', 'text')),
      Buffer.concat([varint(5 * 8), varint(1)]),
    );
    assert.deepEqual(decodeProtobuf(body), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pair', namespace: 'shop', labels: { app: 'a', tier: 'x'.repeat(200) } },
      data: { a: Buffer.from('plain\xff').toString('base64'), b: '' },
      type: 'Opaque',
      stringData: { c: 'text' },
      immutable: true,
    });
  });

  it('reads repeated texts and nested messages', () => {
    const body = envelope(
      'meta.k8s.io/v1',
      'DeleteOptions',
      field(2, field(1, 'u')),
      field(5, 'All'),
      field(5, 'More'),
    );
    assert.deepEqual(decodeProtobuf(body), {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u' },
      dryRun: ['All', 'More'],
    });
  });

  it('refuses what it cannot read', () => {
    const secret = envelope('v1', 'Secret', field(1, field(1, 'a')));
    const bad = [
      Buffer.from('{}'),
      envelope('v1', 'Pod', field(1, '')),
      envelope('v1', 'constructor'),
      secret.subarray(0, secret.length - 5),
      envelope('v1', 'Secret', varint(1 * 8), varint(3)),
      envelope('v1', 'Secret', field(2, entry('__proto__', 'x'))),
      envelope('v1', 'Secret', Buffer.alloc(12, 0xff)),
      envelope('v1', 'Secret', varint(1 * 8 + 3)),
    ];
    for (const body of bad) {
      assert.throws(() => decodeProtobuf(body), { statusCode: 400 }, body.toString('latin1'));
    }
    assert.equal(decodeProtobuf(Buffer.alloc(0)), undefined);
  });
});
