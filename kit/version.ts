import { existsSync, readFileSync } from 'node:fs';

/** The version of the package, whether it runs from the sources or from dist/. */
export const version = readVersion();

function readVersion(): string {
  const candidates = ['../package.json', '../../package.json'].map(
    (path) => new URL(path, import.meta.url),
  );
  const found = candidates.find((url) => existsSync(url));
  if (found === undefined) return 'unknown';
  return (JSON.parse(readFileSync(found, 'utf8')) as { readonly version: string }).version;
}
