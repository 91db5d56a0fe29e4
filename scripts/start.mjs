// `npm start`: makes the tree ready, then runs Bookinfo on a mesh on this machine. Arguments are those of
// `cmesh local`.
await import('./ready.mjs');

const { resolve } = await import('node:path');
const { setInterval } = await import('node:timers');
const root = resolve(import.meta.dirname, '..');
const main = resolve(root, 'bin/cmesh.mjs');
const mesh = 'samples/bookinfo/mesh.yaml';

// Whoever ends npm by force ends the mesh.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 1000);
watch.unref();

process.chdir(root);
process.argv.splice(1, 1, main, 'local', mesh);
await import(main);
