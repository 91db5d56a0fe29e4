#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('cmesh: dist/ is missing; run `npm run ready` in the composemesh folder first');
  process.exit(2);
}
await import(main.href);
