// Reads a compose configuration as JSON and prints the image builds in it, one a line: the tag, the
// context and the options of `docker build`, each word in base64, so that a shell can split them.
// Dockerfiles that stand inside the configuration are written to the folder that is its argument.
import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [folder] = process.argv.slice(2);
const { name: project, services = {} } = JSON.parse(readFileSync(0, 'utf8'));
const builds = new Map();

for (const [service, { build, image = `${project}-${service}` }] of Object.entries(services)) {
  if (build === undefined || builds.has(image)) continue;
  builds.set(image, [image, build.context, ...options(build)]);
}
for (const words of builds.values()) {
  console.log(words.map((word) => Buffer.from(word).toString('base64')).join(' '));
}

function options({ context, dockerfile, dockerfile_inline: inline, target, args, labels }) {
  const pairs = (option, values) =>
    Object.entries(values ?? {}).flatMap(([key, value]) =>
      value === null ? [option, key] : [option, `${key}=${value}`],
    );
  return [
    ...(inline === undefined ? [] : ['--file', keep(inline)]),
    ...(dockerfile === undefined ? [] : ['--file', resolve(context, dockerfile)]),
    ...(target === undefined ? [] : ['--target', target]),
    ...pairs('--build-arg', args),
    ...pairs('--label', labels),
  ];
}

function keep(text) {
  const file = join(mkdtempSync(join(folder, 'inline-')), 'Dockerfile');
  writeFileSync(file, text);
  return file;
}
