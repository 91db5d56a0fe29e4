// Compiles the sources to dist/ and puts beside them what tsc does not copy.
import { cpSync, rmSync } from 'node:fs';
import { run } from './run.mjs';

await import('./proto.mjs');
rmSync('dist', { recursive: true, force: true });
run('tsc', ['--project', 'tsconfig.build.json']);
cpSync('pilot/proto/generated/envoy.binpb', 'dist/pilot/proto/generated/envoy.binpb');
