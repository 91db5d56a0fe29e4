/**
 * Encodes messages from plain objects. Each message type is compiled once, from its descriptor, into closures that
 * write into a ReverseBuffer. It exists because the protobuf library's own encoder takes several times as long and
 * needs a full message object first. Equal content gives equal bytes: map keys are sorted, fields are in a fixed order.
 */
import type { DescField, DescMessage, DescOneof, Message } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { FeatureSet_FieldPresence, isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Init } from './init.ts';
import { EncodedMessage } from './init.ts';
import { ReverseBuffer } from './reverse-buffer.ts';
import type { ValueWriter } from './scalar-writer.ts';
import { scalarWriters, wire } from './scalar-writer.ts';
import { writeStruct } from './struct-writer.ts';

type Fields = Readonly<Record<string, unknown>>;
type MessageWriter = (out: ReverseBuffer, fields: Fields) => void;

const compiled = new WeakMap<DescMessage, MessageWriter>();
/** Encoding is synchronous and does not nest, so one scratch buffer serves all. */
const scratch = new ReverseBuffer();

/** The protobuf bytes of a message. Schemas are proto3, as all of xDS is. */
export function encode<T extends Message>(type: GenMessage<T>, init: Init<NoInfer<T>>): Uint8Array {
  scratch.clear();
  writerOf(type)(scratch, init);
  return scratch.toBytes();
}

/** Encodes a message that will be a part of others. */
export function encodePart<T extends Message>(
  type: GenMessage<T>,
  init: Init<NoInfer<T>>,
): EncodedMessage<T> {
  return new EncodedMessage(type, encode(type, init));
}

/** A message as the fields of google.protobuf.Any. */
export function packAny<T extends Message>(type: GenMessage<T>, init: Init<NoInfer<T>>): AnyFields {
  return { typeUrl: `type.googleapis.com/${type.typeName}`, value: encode(type, init) };
}

export interface AnyFields {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function writerOf(type: DescMessage): MessageWriter {
  return compiled.get(type) ?? compileMessage(type);
}

function compileMessage(type: DescMessage): MessageWriter {
  const members: MessageWriter[] = [];
  const writeMessage: MessageWriter = (out, fields) => {
    const unknown = (fields as Partial<Message>).$unknown;
    if (unknown !== undefined) writeUnknown(out, unknown);
    for (const write of members) write(out, fields);
  };
  // Known before its fields are compiled, because message types may contain themselves.
  compiled.set(type, writeMessage);
  const backwards = type.members.toSorted((left, right) => order(right) - order(left));
  for (const member of backwards) {
    members.push(member.kind === 'oneof' ? compileOneof(member) : compileField(member));
  }
  return writeMessage;
}

function order(member: DescField | DescOneof): number {
  return member.kind === 'field' ? member.number : (member.fields[0]?.number ?? 0);
}

function writeUnknown(out: ReverseBuffer, unknown: NonNullable<Message['$unknown']>): void {
  for (const { no, wireType, data } of unknown.toReversed()) {
    out.bytes(data);
    out.varint(no * 8 + wireType);
  }
}

function compileOneof(oneof: DescOneof): MessageWriter {
  const name = oneof.localName;
  const writers = new Map(oneof.fields.map((field) => [field.localName, compileSingular(field)]));
  return (out, fields) => {
    const chosen = fields[name] as { case?: string; value?: unknown } | undefined;
    if (chosen?.case === undefined || chosen.value === undefined) return;
    writers.get(chosen.case)?.(out, chosen.value as never);
  };
}

function compileField(field: DescField): MessageWriter {
  const name = field.localName;
  const write = compileValue(field);
  return (out, fields) => {
    const value = fields[name];
    if (value !== undefined) write(out, value as never);
  };
}

/** A writer for the value of a field that is set, with its tag or tags. */
function compileValue(field: DescField): ValueWriter {
  switch (field.fieldKind) {
    case 'list':
      return compileList(field);
    case 'map':
      return compileMap(field);
    case 'scalar':
    case 'enum':
      return field.presence === FeatureSet_FieldPresence.IMPLICIT
        ? skipZero(field, compileSingular(field))
        : compileSingular(field);
    case 'message':
      return compileSingular(field);
  }
}

function skipZero(field: DescField, write: ValueWriter): ValueWriter {
  const { isZero } = scalarWriters[field.scalar ?? ScalarType.INT32];
  return (out, value) => {
    if (!isZero(value)) write(out, value);
  };
}

function compileSingular(field: DescField): ValueWriter {
  if (field.message !== undefined) {
    return delimited(field, compileBody(field, field.message));
  }
  const { write, wireType } = scalarWriters[field.scalar ?? ScalarType.INT32];
  const tag = field.number * 8 + wireType;
  return (out, value) => {
    write(out, value);
    out.varint(tag);
  };
}

/** Writes what `body` writes, its length and the tag of `field`; or bytes that are ready. */
function delimited(field: DescField, body: ValueWriter): ValueWriter {
  const tag = field.number * 8 + wire.delimited;
  return (out, value: unknown) => {
    const before = out.length;
    if (value instanceof EncodedMessage) out.bytes(value.bytes);
    else body(out, value as never);
    out.varint(out.length - before);
    out.varint(tag);
  };
}

/** A writer for the body of a message in a field, in the form that Init gives it there. */
function compileBody(field: DescField, type: DescMessage): ValueWriter {
  if (type.typeName === 'google.protobuf.Struct' && !field.parent.typeName.endsWith('.Value')) {
    return writeStruct;
  }
  if (field.fieldKind === 'message' && field.oneof === undefined && isWrapperDesc(type)) {
    return compileValue(type.fields[0]);
  }
  return lazily(type);
}

/** Compiles `type` when the first such message is written: the schema is large, and little of it is used. */
function lazily(type: DescMessage): ValueWriter {
  let write: MessageWriter | undefined;
  return (out, value: Fields) => {
    write ??= writerOf(type);
    write(out, value);
  };
}

function compileList(field: DescField): ValueWriter {
  if (field.fieldKind === 'list' && field.packed) return compilePacked(field);
  const write = compileSingular(field);
  return (out, items: readonly unknown[]) => {
    for (let index = items.length - 1; index >= 0; index -= 1) write(out, items[index] as never);
  };
}

function compilePacked(field: DescField): ValueWriter {
  const { write } = scalarWriters[field.scalar ?? ScalarType.INT32];
  const writePacked = delimited(field, (out, items: readonly unknown[]) => {
    for (const item of items.toReversed()) write(out, item as never);
  });
  return (out, items: readonly unknown[]) => {
    if (items.length > 0) writePacked(out, items as never);
  };
}

function compileMap(field: DescField & { fieldKind: 'map' }): ValueWriter {
  const writeKey = compileMapKey(field.mapKey);
  const writeValue = compileMapValue(field);
  const tag = field.number * 8 + wire.delimited;
  return (out, map: Fields) => {
    for (const key of Object.keys(map).sort().reverse()) {
      const before = out.length;
      writeValue(out, map[key] as never);
      writeKey(out, key as never);
      out.varint(out.length - before);
      out.varint(tag);
    }
  };
}

/** Map keys are object keys, that is strings, whatever their type in the schema. */
function compileMapKey(type: ScalarType): ValueWriter {
  const { write, wireType } = scalarWriters[type];
  const parse = keyParser(type);
  return (out, key: string) => {
    write(out, parse(key) as never);
    out.varint(8 + wireType);
  };
}

function keyParser(type: ScalarType): (key: string) => unknown {
  if (type === ScalarType.STRING) return (key) => key;
  if (type === ScalarType.BOOL) return (key) => key === 'true';
  const wide = [ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64];
  return [...wide, ScalarType.FIXED64, ScalarType.SFIXED64].includes(type) ? BigInt : Number;
}

function compileMapValue(field: DescField & { fieldKind: 'map' }): ValueWriter {
  const valueTag = (wireType: number): number => 2 * 8 + wireType;
  if (field.message === undefined) {
    const { write, wireType } = scalarWriters[field.scalar ?? ScalarType.INT32];
    return (out, value) => {
      write(out, value);
      out.varint(valueTag(wireType));
    };
  }
  const body = compileBody(field, field.message);
  return (out, value: unknown) => {
    const before = out.length;
    if (value instanceof EncodedMessage) out.bytes(value.bytes);
    else body(out, value as never);
    out.varint(out.length - before);
    out.varint(valueTag(wire.delimited));
  };
}
