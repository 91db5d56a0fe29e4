/**
 * The protobuf schema of xDS. The compiler knows it from generated .d.ts files; at run time descriptors come from
 * one descriptor set, because loading 190 generated modules takes ten times as long. `npm run proto` makes both.
 */
import { readFileSync } from 'node:fs';
import type { Message } from '@bufbuild/protobuf';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** Every message of the descriptor set, by full name; also what resolves an Any. */
export const registry = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    readFileSync(new URL('./generated/envoy.binpb', import.meta.url)),
  ),
);

/**
 * The descriptor of a message. `T` is the generated type, and `name` must be its full name. Throws when the
 * message is not in the descriptor set: its file is missing from roots.json.
 */
export function messageType<T extends Message>(name: T['$typeName']): GenMessage<T> {
  const type = registry.getMessage(name);
  if (type === undefined) throw new Error(`no message ${name} in the descriptor set`);
  return type as GenMessage<T>;
}

/**
 * The values of an enum by name. `T` is `typeof` the generated enum, which exists for the compiler only. Throws
 * when the enum is not in the descriptor set.
 */
export function enumType<T extends object>(name: string): Readonly<T> {
  const type = registry.getEnum(name);
  if (type === undefined) throw new Error(`no enum ${name} in the descriptor set`);
  return Object.fromEntries(type.values.map((value) => [value.localName, value.number])) as T;
}
