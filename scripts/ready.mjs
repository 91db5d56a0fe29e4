// Makes this tree ready to run: packages installed, sources compiled, and with --tools also the
// programs that the tests run against. Does only what is missing, and says nothing otherwise.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, 'node_modules/.cache/composemesh/installed.sha256');
const built = join(root, 'dist/.built.sha256');

checkNode();
// Imported only now: it needs a Node that the check lets pass.
const { run } = await import('./run.mjs');
makeReady(installed, hashFiles(['package-lock.json']), 'installing the packages', () => {
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
});
makeReady(built, hashFiles(sources()), 'compiling', () => {
  run(process.execPath, ['scripts/build.mjs']);
});
if (process.argv.includes('--tools')) {
  run(process.execPath, ['dist/toolchain/main.js', '--quiet', 'envoy', 'consul']);
}

/** Runs the step unless its stamp says that it ran for the same content. */
function makeReady(stamp, content, what, step) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  console.error(`ready: ${what}`);
  const start = Date.now();
  step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, content);
  console.error(`ready: done in ${Math.round((Date.now() - start) / 100) / 10} s`);
}

/** Everything that dist/ depends on: what tsc reads, what it is told, and the scripts and packages at work. */
function sources() {
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const rules = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  const scripts = listFiles('scripts').filter((path) => path.endsWith('.mjs'));
  const folders = config.include.flatMap(listFiles);
  return [...rules, ...scripts, ...folders].filter(
    (path) => !path.endsWith('.test.ts') && !path.startsWith(join('pilot', 'proto', 'generated')),
  );
}

function listFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '').split('.').map(Number);
  const found = process.versions.node.split('.').map(Number);
  if (found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])) return;
  console.error(`composemesh needs Node ${engines.node}; this is ${process.versions.node}.`);
  console.error('Install a newer Node (https://nodejs.org) and run this again.');
  process.exit(1);
}
