import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FileRegistry } from '@bufbuild/protobuf';

const require = createRequire(import.meta.url);

let loaded: FileRegistry | undefined;

/**
 * The descriptors of registry.ts for code that seldom needs them: commands such as `cmesh validate` would pay a tenth of
 * a second at every start for the library and the descriptor set. So both are loaded when somebody asks; what is loaded
 * then is another copy of the library, whose types mean nothing to the one that encodes.
 */
export function loadRegistry(): FileRegistry {
  loaded ??= load();
  return loaded;
}

function load(): FileRegistry {
  const protobuf = require('@bufbuild/protobuf') as typeof import('@bufbuild/protobuf');
  const known = require('@bufbuild/protobuf/wkt') as typeof import('@bufbuild/protobuf/wkt');
  const set = readFileSync(new URL('./generated/envoy.binpb', import.meta.url));
  return protobuf.createFileRegistry(protobuf.fromBinary(known.FileDescriptorSetSchema, set));
}
