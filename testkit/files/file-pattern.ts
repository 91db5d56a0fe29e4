import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Folders in which nobody keeps rules or cases of their own. */
const skipped = new Set(['node_modules', 'dist', 'coverage']);

/** A path as people know it: relative to the working directory where it is below that, else in full. */
export function showPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

/** Whether a path of a file is a pattern for several. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The files that `path` means, as absolute paths in order: one file, the YAML files of a folder, or what a pattern
 * finds, in which * and ? stand for any part of a name and ** for any folders.
 */
export async function findFiles(path: string, folder: string): Promise<readonly string[]> {
  if (isPattern(path)) return findByPattern(path, folder);
  const file = resolve(folder, path);
  if (!existsSync(file)) return [];
  return statSync(file).isDirectory() ? findByPattern('*.{yaml,yml}', file) : [file];
}

async function findByPattern(pattern: string, folder: string): Promise<readonly string[]> {
  const parts = pattern.split('/');
  const fixed = parts.findIndex((part) => isPattern(part));
  const root = resolve(folder, parts.slice(0, fixed).join('/'));
  const rest = parts.slice(fixed).join('/');
  const expression = compilePattern(rest);
  const files = await listFiles(root, rest.includes('/') || rest.includes('**'));
  return files.filter((file) => expression.test(relative(root, file).split(sep).join('/'))).sort();
}

function compilePattern(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|\{[^}]*\}|[.+^$()|[\]\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.startsWith('{')) return `(?:${part.slice(1, -1).replaceAll(',', '|')})`;
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

async function listFiles(folder: string, deep: boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [path];
      const isOurs = deep && !entry.name.startsWith('.') && !skipped.has(entry.name);
      return isOurs ? listFiles(path, deep) : [];
    }),
  );
  return found.flat();
}
