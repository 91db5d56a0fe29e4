import type { JsonFields, ReadonlyJson } from './init.ts';
import type { ReverseBuffer } from './reverse-buffer.ts';

/** Tags of google.protobuf.Struct, its map entries, Value and ListValue: field number and wire type. */
const tag = {
  structField: 0x0a,
  entryKey: 0x0a,
  entryValue: 0x12,
  nullValue: 0x08,
  numberValue: 0x11,
  stringValue: 0x1a,
  boolValue: 0x20,
  structValue: 0x2a,
  listValue: 0x32,
  listItem: 0x0a,
} as const;

/** Writes a JSON object as the body of a google.protobuf.Struct, keys sorted. */
export function writeStruct(out: ReverseBuffer, fields: JsonFields): void {
  for (const key of Object.keys(fields).sort().reverse()) {
    writeEntry(out, key, fields[key] ?? null);
  }
}

function writeEntry(out: ReverseBuffer, key: string, value: ReadonlyJson): void {
  const before = out.length;
  writeNested(out, tag.entryValue, () => {
    writeValue(out, value);
  });
  writeNested(out, tag.entryKey, () => {
    out.string(key);
  });
  out.varint(out.length - before);
  out.varint(tag.structField);
}

function writeNested(out: ReverseBuffer, tagOfField: number, write: () => void): void {
  const before = out.length;
  write();
  out.varint(out.length - before);
  out.varint(tagOfField);
}

function writeValue(out: ReverseBuffer, value: ReadonlyJson): void {
  if (value === null) {
    out.varint(0);
    out.varint(tag.nullValue);
  } else if (typeof value === 'number') {
    out.double(value);
    out.varint(tag.numberValue);
  } else if (typeof value === 'boolean') {
    out.varint(value ? 1 : 0);
    out.varint(tag.boolValue);
  } else if (typeof value === 'string') {
    writeNested(out, tag.stringValue, () => {
      out.string(value);
    });
  } else {
    writeComposite(out, value);
  }
}

function writeComposite(out: ReverseBuffer, value: readonly ReadonlyJson[] | JsonFields): void {
  if (isList(value)) {
    writeNested(out, tag.listValue, () => {
      for (const item of value.toReversed()) {
        writeNested(out, tag.listItem, () => {
          writeValue(out, item);
        });
      }
    });
  } else {
    writeNested(out, tag.structValue, () => {
      writeStruct(out, value);
    });
  }
}

function isList(value: readonly ReadonlyJson[] | JsonFields): value is readonly ReadonlyJson[] {
  return Array.isArray(value);
}
