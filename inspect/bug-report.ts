import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { forEachConcurrently } from '../kit/concurrent.ts';
import { OperationError, describeError } from '../kit/errors.ts';
import { exitCodes } from '../kit/exit-code.ts';
import type { Terminal } from '../kit/terminal.ts';
import { version } from '../kit/version.ts';
import type { MeshView } from './mesh-view.ts';
import { ProxyAccess } from './proxy-access.ts';
import { Redaction } from './redaction.ts';
import {
  type ReportItem,
  chooseItems,
  localItems,
  pilotItems,
  proxyItems,
  renderContent,
} from './report-items.ts';
import { formatTable } from './table.ts';
import { collectVersions } from './versions.ts';

export interface BugReportFlags {
  readonly output?: string;
  readonly project?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly dryRun?: true;
  /** MB of the files before they are compressed. */
  readonly maxSize: string;
}

export interface BugReportOptions {
  readonly terminal: Terminal;
  readonly mesh: MeshView;
  readonly folder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Called while files are collected, where somebody looks on. */
  readonly onProgress?: (text: string) => void;
}

/** A file that was collected. */
interface Collected {
  readonly path: string;
  readonly text: string;
}

/**
 * `cmesh bug-report`: writes one archive with what one needs to understand a mesh from afar, without its secrets. What
 * cannot be had is noted in the archive. Throws OperationError; the result is the exit code.
 */
export async function runBugReport(
  flags: BugReportFlags,
  options: BugReportOptions,
): Promise<number> {
  const limit = readLimit(flags.maxSize);
  const { terminal, folder, now } = options;
  const { items: all, problems } = await planReport(flags, options);
  const items = chooseItems(all, flags.include, flags.exclude);
  if (items.length === 0) {
    throw new OperationError('E_USAGE', describeNothing(all, problems));
  }
  if (flags.dryRun === true) {
    const rows = items.map(({ path, source }) => [path, source]);
    terminal.print(formatTable({ columns: ['FILE', 'FROM'], rows }));
    return exitCodes.done;
  }
  const collected = await collect(items, options);
  const files = capSize([...collected.files], limit, [...problems, ...collected.problems]);
  const name = `cmesh-bug-report-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
  const path = flags.output ?? join(folder, `${name}.tar.gz`);
  await writeArchive(path, name, files.kept, now);
  terminal.print(`${path}\n`);
  terminal.complain(describeReport(files.kept, files.problems));
  return exitCodes.done;
}

function readLimit(text: string): number {
  const megabytes = Number(text);
  if (megabytes > 0 && megabytes <= 2000) return megabytes * 1024 * 1024;
  throw new OperationError(
    'E_USAGE',
    `--max-size "${text}" is not a number of megabytes up to 2000`,
  );
}

interface Plan {
  readonly items: readonly ReportItem[];
  readonly problems: readonly string[];
}

/** What there is to collect. Without pilot, a report of the containers is still worth much. */
async function planReport(
  { project }: BugReportFlags,
  { mesh, now }: BugReportOptions,
): Promise<Plan> {
  const containers = await findContainers(mesh, project);
  try {
    const proxies = await mesh.syncs();
    const access = new ProxyAccess(mesh, project === undefined ? {} : { project });
    const versions: ReportItem = {
      path: 'versions.json',
      source: 'cmesh version',
      read: async () => ({ kind: 'json', value: await collectVersions(mesh) }),
    };
    const items = [
      versions,
      ...pilotItems(mesh, now),
      ...proxyItems(proxies, mesh, access),
      ...(await localItems(mesh)),
      ...containers,
    ];
    return { items, problems: [] };
  } catch (error) {
    if (containers.length === 0) throw error;
    return { items: containers, problems: [describeError(error)] };
  }
}

/** Those of a mesh on this machine, which runs without containers, are somebody else's. */
async function findContainers(
  mesh: MeshView,
  project: string | undefined,
): Promise<readonly ReportItem[]> {
  const local = await mesh.local().catch(() => undefined);
  if (local !== undefined && project === undefined) return [];
  const { dockerItems } = await import('./report-docker.ts');
  return dockerItems(project);
}

function describeNothing(all: readonly ReportItem[], problems: readonly string[]): string {
  const folders = [...new Set(all.map(({ path }) => path.replace(/\/.*$/, '')))].sort().join(', ');
  return `--include and --exclude leave nothing; there are ${folders}${problems.map((problem) => ` (${problem})`).join('')}`;
}

/** So many are asked for at once. */
const concurrency = 6;

/**
 * Reads all first, and takes out of all of them what was found to be secret in any: a password of a container's
 * environment may stand in the log of another.
 */
async function collect(
  items: readonly ReportItem[],
  { onProgress = () => undefined }: BugReportOptions,
): Promise<{ readonly files: readonly Collected[]; readonly problems: readonly string[] }> {
  const redaction = new Redaction();
  const outcomes = new Map<ReportItem, Collected | string>();
  await forEachConcurrently(items, concurrency, async (item) => {
    outcomes.set(item, await readItem(item, redaction));
    onProgress(`${outcomes.size} of ${items.length} files`);
  });
  // In the order of the plan, whoever was first.
  const all = items.flatMap((item) => outcomes.get(item) ?? []);
  const files = all.filter((outcome) => typeof outcome !== 'string');
  const problems = all.filter((outcome) => typeof outcome === 'string');
  return {
    files: files.map(({ path, text }) => ({ path, text: redaction.scrub(text) })),
    problems: problems.map((problem) => redaction.scrub(redaction.text(problem))),
  };
}

/** The file, or why it could not be had. */
async function readItem(item: ReportItem, redaction: Redaction): Promise<Collected | string> {
  try {
    return { path: item.path, text: renderContent(await item.read(), redaction) };
  } catch (error) {
    return `${item.path}: ${describeError(error)}`;
  }
}

interface Capped {
  readonly kept: readonly Collected[];
  readonly problems: readonly string[];
}

/** Leaves out files that make the report too big, the biggest first, and adds the file that says what is in it. */
function capSize(files: Collected[], limit: number, problems: readonly string[]): Capped {
  const sizeOf = ({ text }: Collected): number => Buffer.byteLength(text);
  const dropped = new Set<Collected>();
  let total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  for (const file of files.toSorted((left, right) => sizeOf(right) - sizeOf(left))) {
    if (total <= limit) break;
    dropped.add(file);
    total -= sizeOf(file);
  }
  const all = [
    ...problems,
    ...[...dropped].map(
      (file) => `${file.path}: left out for its size (${formatSize(sizeOf(file))}), see --max-size`,
    ),
  ];
  const kept = files.filter((file) => !dropped.has(file));
  return { kept: [{ path: 'README.txt', text: readme(kept, all) }, ...kept], problems: all };
}

function readme(files: readonly Collected[], problems: readonly string[]): string {
  return [
    `A report of cmesh ${version} (Node ${process.version}, ${platform()} ${release()} ${arch()}).`,
    'Private keys, tokens, passwords, values of Secrets and authorization headers were taken out, and marked [REDACTED].',
    'Host names, addresses, paths and rules are in it: look through it before you make it public.',
    '',
    ...files.map(({ path, text }) => `${path} (${formatSize(Buffer.byteLength(text))})`),
    ...(problems.length === 0 ? [] : ['', 'Not to be had:', ...problems]),
    '',
  ].join('\n');
}

function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [size, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'kB'] : [bytes / 1024 / 1024, 'MB'];
  return `${size.toFixed(1)} ${unit}`;
}

function describeReport(files: readonly Collected[], problems: readonly string[]): string {
  const size = formatSize(files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
  return [
    `${files.length} files, ${size} before compression; secrets were taken out, host names and rules were not.`,
    ...(problems.length === 0
      ? []
      : [
          `${problems.length} ${problems.length === 1 ? 'was' : 'were'} not to be had (README.txt has all of them):`,
          ...problems.slice(0, 5).map((problem) => `  ${problem}`),
        ]),
    '',
  ].join('\n');
}

/** Nobody else may read it, and it is there whole or not at all. Throws OperationError `E_USAGE`. */
async function writeArchive(
  path: string,
  folder: string,
  files: readonly Collected[],
  now: number,
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const archive = pack();
  try {
    const written = pipeline(archive, createGzip(), createWriteStream(temporary, { mode: 0o600 }));
    for (const { path: name, text } of files) {
      const header = { name: `${folder}/${name}`, mode: 0o600, mtime: new Date(now) };
      // What cannot be written ends every entry with the same error as the pipeline, which reports it.
      archive.entry(header, text).on('error', () => undefined);
    }
    archive.finalize();
    await written;
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new OperationError('E_USAGE', `cannot write ${path}`, { cause });
  }
}
