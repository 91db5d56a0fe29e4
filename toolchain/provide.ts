/**
 * The provider chain: what the user named, what the machine has, what was kept, what can be fetched.
 * envoy.ts and consul.ts say what a program is and where it is fetched; the order is here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheRoot, readCache, writeCache, type CacheKey } from './cache.ts';
import { findOnPath, runCommand, type Environment } from './command.ts';
import { ToolUnavailableError, type FailedWay } from './tool-unavailable-error.ts';
import {
  formatRange,
  formatVersion,
  isSupported,
  parseVersion,
  type Version,
  type VersionRange,
} from './version.ts';

export type OnProgress = (message: string, share?: number) => void;

/** For a log or a pipe, where the shares would be lines that say the same: each sentence once. */
export function tellOnce(tell: (message: string) => void): OnProgress {
  return (message, share) => {
    if (share === undefined) tell(message);
  };
}

/** How a caller asks for a program. */
export interface ProvideOptions {
  /** Told what takes time, in short sentences; again as it goes on, with the share that is done (0–1). */
  readonly onProgress?: OnProgress;
  readonly env: Environment;
}

/** What a source may use while it fetches: a folder of its own, removed afterwards. */
export interface FetchContext {
  readonly folder: string;
  readonly env: Environment;
  readonly onProgress: OnProgress;
}

/** A place that a program is fetched from; fetching throws when it cannot be had there. */
export interface Source {
  readonly way: string;
  readonly origin: string;
  /** Returns the path of the program inside the context's folder. */
  readonly fetch: (context: FetchContext) => Promise<string>;
}

/** A program that we need. */
export interface Tool {
  readonly program: string;
  /** The environment variable by which a user names a program of their own. */
  readonly variable: string;
  readonly versionArguments: readonly string[];
  readonly supported: VersionRange;
  readonly pinned: string;
  readonly sources: readonly Source[];
  readonly remedies: readonly string[];
}

/** Finds or fetches a program and returns its path; throws a ToolUnavailableError that tells all. */
export async function provide(tool: Tool, options: ProvideOptions): Promise<string> {
  const named = options.env[tool.variable];
  if (named !== undefined && named !== '') return namedByUser(tool, named, options.env);

  const failed: FailedWay[] = [{ way: tool.variable, reason: 'not set' }];
  const ways: readonly Way[] = [
    { way: 'PATH', attempt: () => onPath(tool, options.env) },
    { way: 'cache', attempt: () => inCache(tool, options.env) },
    ...tool.sources.map((source) => ({
      way: source.way,
      attempt: () => fetched(tool, source, options),
    })),
  ];
  for (const { way, attempt } of ways) {
    try {
      return await attempt();
    } catch (error) {
      failed.push({ way, reason: reasonOf(error) });
    }
  }
  throw new ToolUnavailableError(tool.program, failed, tool.remedies);
}

interface Way {
  readonly way: string;
  readonly attempt: () => Promise<string>;
}

/** What the user names is used or refused: silently taking another program would mislead them. */
async function namedByUser(tool: Tool, path: string, env: Environment): Promise<string> {
  try {
    await runningVersion(tool, path, env);
    return path;
  } catch (error) {
    const failed = { way: `${tool.variable}=${path}`, reason: reasonOf(error) };
    const remedy = `let ${tool.variable} name a program that runs here, or unset it`;
    throw new ToolUnavailableError(tool.program, [failed], [remedy]);
  }
}

async function onPath(tool: Tool, env: Environment): Promise<string> {
  const path = await findOnPath(tool.program, env);
  if (path === undefined) throw new Error(`no ${tool.program} there`);
  return withSupportedVersion(tool, path, env);
}

async function inCache(tool: Tool, env: Environment): Promise<string> {
  const root = cacheRoot(env);
  for (const source of tool.sources) {
    const path = await readCache(root, cacheKey(tool, source));
    if (path !== undefined) return path;
  }
  throw new Error(`no whole copy in ${root}`);
}

async function fetched(tool: Tool, source: Source, options: ProvideOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `composemesh-${tool.program}-`));
  try {
    const onProgress = options.onProgress ?? ignore;
    const path = await source.fetch({ folder, env: options.env, onProgress });
    await withSupportedVersion(tool, path, options.env);
    return await writeCache(cacheRoot(options.env), cacheKey(tool, source), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withSupportedVersion(tool: Tool, path: string, env: Environment): Promise<string> {
  const version = await runningVersion(tool, path, env);
  if (!isSupported(version, tool.supported)) {
    const found = `${path} is ${formatVersion(version)}`;
    throw new Error(`${found}; supported: ${formatRange(tool.supported)}`);
  }
  return path;
}

async function runningVersion(tool: Tool, path: string, env: Environment): Promise<Version> {
  const output = await runCommand(path, tool.versionArguments, { env, timeoutMs: 10_000 });
  const version = parseVersion(output);
  if (version === undefined) throw new Error(`${path} tells no version`);
  return version;
}

function cacheKey(tool: Tool, source: Source): CacheKey {
  return {
    program: tool.program,
    version: tool.pinned,
    platform: `${process.platform}-${process.arch}`,
    origin: source.origin,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {
  // The caller does not want to know.
}
