// Makes pilot/proto/generated from the Envoy API that @grpc/grpc-js-xds carries: envoy.binpb, one descriptor set
// that pilot/proto/registry.ts loads at run time, and a .d.ts file per .proto for the compiler. Both hold what
// pilot/proto/roots.json lists and what that imports. Does nothing when they are up to date.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from './run.mjs';

const root = resolve(import.meta.dirname, '..');
const generated = join(root, 'pilot/proto/generated');
const stampFile = join(generated, '.stamp');
const rootsFile = join(root, 'pilot/proto/roots.json');
const tools = ['@grpc/grpc-js-xds', '@bufbuild/buf', '@bufbuild/protoc-gen-es'];

function stamp() {
  const hash = createHash('sha256');
  const manifests = tools.map((name) => join(root, 'node_modules', name, 'package.json'));
  for (const file of [import.meta.filename, rootsFile, ...manifests]) {
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

const trees = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) =>
  join(root, 'node_modules/@grpc/grpc-js-xds/deps', name),
);

/** Lays out the roots and what they import as one tree, as their import paths expect. */
function layOut(target) {
  const waiting = JSON.parse(readFileSync(rootsFile, 'utf8'));
  const seen = new Set(waiting);
  for (const path of waiting) {
    const text = readProto(path);
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
    for (const [, imported] of text.matchAll(/^import (?:public )?"(.+)";/gm)) {
      if (imported.startsWith('google/protobuf/') || seen.has(imported)) continue;
      seen.add(imported);
      waiting.push(imported);
    }
  }
  writeFileSync(join(target, 'buf.yaml'), 'version: v2\n');
}

function readProto(path) {
  const file = trees.map((tree) => join(tree, path)).find(existsSync);
  if (file === undefined) throw new Error(`${path} is not among the protos of @grpc/grpc-js-xds`);
  const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  return path === 'validate/validate.proto' ? addIgnoreEmpty(text) : text;
}

/**
 * The package's validate.proto is older than the Envoy API beside it, which sets `ignore_empty` in its rules: adds
 * that field, with the numbers of protoc-gen-validate 1.0.
 */
function addIgnoreEmpty(proto) {
  const numbers = { String: 26, Bytes: 14, Repeated: 5, Map: 6 };
  const scalars = /^(Float|Double|S?(Int|Fixed)(32|64)|UInt(32|64))$/;
  return proto.replace(/^message (\w+)Rules \{/gm, (line, name) => {
    const number = scalars.test(name) ? 8 : numbers[name];
    return number === undefined ? line : `${line}\n  optional bool ignore_empty = ${number};`;
  });
}

function generate() {
  const source = mkdtempSync(join(tmpdir(), 'composemesh-proto-'));
  try {
    layOut(source);
    const template = {
      version: 'v2',
      plugins: [
        {
          local: 'protoc-gen-es',
          out: generated,
          opt: ['target=dts', 'import_extension=js'],
          include_imports: true,
          strategy: 'all',
        },
      ],
    };
    rmSync(generated, { recursive: true, force: true });
    run('buf', ['generate', source, '--template', JSON.stringify(template)]);
    const output = `${join(generated, 'envoy.binpb')}#format=binpb`;
    const build = ['--as-file-descriptor-set', '--exclude-source-info', '--output', output];
    run('buf', ['build', source, ...build]);
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

const wanted = stamp();
const held = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
if (held !== wanted) {
  generate();
  writeFileSync(stampFile, wanted);
}
