import assert from 'node:assert/strict';
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { ScalarType, create, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import type { JsonFields } from './init.ts';
import { encoded } from './init.ts';
import {
  ClusterSchema,
  Cluster_DiscoveryTypeValues,
  RouteConfigurationSchema,
  VirtualHostSchema,
} from './messages.ts';
import { decode, toProtoJson } from './reader.ts';
import { registry } from './registry.ts';
import { encode, encodePart, packAny } from './writer.ts';

type Fields = Record<string, unknown>;

const text = fc.string({ unit: 'binary', maxLength: 60 });
const key = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== '__proto__');
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const structs: fc.Arbitrary<unknown> = fc.dictionary(key, json, {
  maxKeys: 3,
  noNullPrototype: true,
});

const int32 = fc.integer();
const uint32 = fc.nat({ max: 0xffffffff });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 300 }),
  [ScalarType.DOUBLE]: fc.double({ noNaN: true }),
  [ScalarType.FLOAT]: fc.float({ noNaN: true }),
  [ScalarType.INT32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.SINT32]: int32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.INT64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.SINT64]: int64,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.SFIXED64]: int64,
};

/** Values of one element of a field, in the form that create() takes. */
function elements(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) {
    return fc.constantFrom(...field.enum.values.map((value) => value.number));
  }
  if (field.message === undefined) return scalars[field.scalar];
  if (field.message.typeName === 'google.protobuf.Struct') return structs;
  const wrapped = field.fieldKind === 'message' && field.oneof === undefined;
  if (wrapped && isWrapperDesc(field.message)) return scalars[field.message.fields[0].scalar];
  return messages(field.message, depth - 1);
}

function values(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === 'list') return fc.array(elements(field, depth), { maxLength: 3 });
  if (field.fieldKind !== 'map') return elements(field, depth);
  const keys = field.mapKey === ScalarType.STRING ? key : fc.nat({ max: 9 }).map(String);
  return fc.dictionary(keys, elements(field, depth), { maxKeys: 3, noNullPrototype: true });
}

/** Init objects of a message type, with nesting down to `depth`. */
function messages(type: DescMessage, depth: number): fc.Arbitrary<Fields> {
  const usable = (field: DescField): boolean => depth > 0 || field.message === undefined;
  const members = type.members.flatMap((member): [string, fc.Arbitrary<unknown>][] => {
    if (member.kind === 'field') {
      return usable(member) ? [[member.localName, values(member, depth)]] : [];
    }
    const cases = member.fields
      .filter(usable)
      .map((field) => elements(field, depth).map((value) => ({ case: field.localName, value })));
    return cases.length === 0 ? [] : [[member.localName, fc.oneof(...cases)]];
  });
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

const fuzzed = [
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.route.v3.RouteAction',
  'envoy.config.core.v3.Metadata',
  'envoy.config.rbac.v3.RBAC',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
  'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'xds.type.matcher.v3.Matcher',
  'google.api.expr.v1alpha1.Expr',
];

describe('the protobuf writer', () => {
  for (const name of fuzzed) {
    it(`writes any ${name} as the protobuf library reads it`, () => {
      const type = registry.getMessage(name) as GenMessage<Message>;
      fc.assert(
        fc.property(messages(type, 3), (init) => {
          const wanted = create(type, init as never);
          const bytes = encode(type, init as never);
          assert.ok(equals(type, fromBinary(type, bytes), wanted));
          assert.deepEqual(encode(type, wanted), bytes);
          assert.equal(bytes.length, toBinary(type, wanted).length);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('gives equal bytes whatever the order of map keys', () => {
    const metadata = (filterMetadata: Record<string, JsonFields>): Uint8Array =>
      encode(ClusterSchema, { metadata: { filterMetadata } });
    assert.deepEqual(
      metadata({ a: { x: 1, y: 2 }, b: {} }),
      metadata({ b: {}, a: { y: 2, x: 1 } }),
    );
  });

  it('splices messages that are already encoded', () => {
    const host = { name: 'reviews', domains: ['reviews', 'reviews:9080'] };
    const part = encodePart(VirtualHostSchema, host);
    assert.deepEqual(
      encode(RouteConfigurationSchema, { name: '9080', virtualHosts: [part, host] }),
      encode(RouteConfigurationSchema, {
        name: '9080',
        virtualHosts: [host, encoded(VirtualHostSchema, part.bytes)],
      }),
    );
  });

  it('leaves out keys that are undefined', () => {
    const bytes = encode(ClusterSchema, { name: undefined, connectTimeout: undefined });
    assert.equal(bytes.length, 0);
  });

  it('grows beyond its first buffer', () => {
    const virtualHosts = Array.from({ length: 3000 }, (_, index) => ({
      name: `host-${index}`,
      domains: [`svc${index}.service.consul`, '中文'.repeat(20)],
    }));
    const bytes = encode(RouteConfigurationSchema, { virtualHosts });
    const wanted = create(RouteConfigurationSchema, { virtualHosts });
    assert.ok(equals(RouteConfigurationSchema, decode(RouteConfigurationSchema, bytes), wanted));
  });

  it('packs messages into Any that the registry resolves', () => {
    const bytes = encode(ClusterSchema, {
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryTypeValues.EDS },
      typedExtensionProtocolOptions: {
        nested: packAny(VirtualHostSchema, { name: 'inner' }),
      },
    });
    assert.deepEqual(toProtoJson(ClusterSchema, decode(ClusterSchema, bytes)), {
      type: 'EDS',
      typed_extension_protocol_options: {
        nested: { '@type': 'type.googleapis.com/envoy.config.route.v3.VirtualHost', name: 'inner' },
      },
    });
  });

  it('keeps fields that the schema does not know', () => {
    const unknown = Uint8Array.from([0xfa, 0x3f, 1, 7]);
    assert.deepEqual(
      Uint8Array.from(encode(ClusterSchema, decode(ClusterSchema, unknown))),
      unknown,
    );
  });

  it('refuses keys that the message does not have, when compiling', () => {
    // @ts-expect-error no such field
    encode(ClusterSchema, { nome: '' });
    // @ts-expect-error no such field in a message within
    encode(ClusterSchema, { edsClusterConfig: { serviceNome: '' } });
    // @ts-expect-error a spliced message must be of the type of the field
    encode(RouteConfigurationSchema, { virtualHosts: [encodePart(ClusterSchema, {})] });
  });
});
