import { setTimeout as pause } from 'node:timers/promises';
import { OperationError } from '../kit/errors.ts';
import { exitCodes } from '../kit/exit-code.ts';
import type { Terminal } from '../kit/terminal.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import { type DumpSections, splitDump } from './dump-sections.ts';
import type { MeshView } from './mesh-view.ts';
import { format } from './proxy-config.ts';
import { findProxy } from './proxy-name.ts';
import { type ProxyFlags, openSource } from './proxy-source.ts';
import { type TypeComparison, compareDumps, formatComparison, isMatch } from './sync-diff.ts';
import { describeNacks, hasNack, tableOfSyncs } from './sync-table.ts';
import { formatTable } from './table.ts';

export interface ProxyStatusFlags extends ProxyFlags {
  readonly output: string;
}

export interface ProxyStatusOptions {
  readonly terminal: Terminal;
  readonly mesh: MeshView;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * `cmesh proxy-status [NAME]`: what every proxy has of what it is to have; with a name, how what this one runs differs
 * from that. The exit code is 1 when a proxy refuses something, or something differs. Throws OperationError.
 */
export async function runProxyStatus(
  name: string | undefined,
  flags: ProxyStatusFlags,
  options: ProxyStatusOptions,
): Promise<number> {
  if (!['short', 'wide', 'json', 'yaml'].includes(flags.output)) {
    const text = `-o "${flags.output}" is none of short, wide, json and yaml`;
    throw new OperationError('E_USAGE', text);
  }
  return name === undefined ? showAll(flags, options) : showOne(name, flags, options);
}

async function showAll(
  { output, namespace }: ProxyStatusFlags,
  { terminal, mesh, now }: ProxyStatusOptions,
): Promise<number> {
  const [all, pilot = 'unknown'] = await Promise.all([mesh.syncs(), mesh.version()]);
  const proxies = all.filter((proxy) => namespace === undefined || proxy.namespace === namespace);
  const code = proxies.some(hasNack) ? exitCodes.failed : exitCodes.done;
  if (output === 'json' || output === 'yaml') {
    terminal.print(format(proxies, output));
    return code;
  }
  if (proxies.length === 0) {
    terminal.complain('No proxy is connected to pilot.\n');
    return code;
  }
  const { paint } = terminal;
  terminal.print(
    formatTable(tableOfSyncs(proxies, { pilot, now, paint, wide: output === 'wide' })),
  );
  const nacks = describeNacks(proxies, paint);
  if (nacks !== '') terminal.print(`\n${nacks}`);
  return code;
}

async function showOne(
  name: string,
  flags: ProxyStatusFlags,
  { terminal, mesh }: ProxyStatusOptions,
): Promise<number> {
  const proxy = findProxy(name, await mesh.syncs(), flags.namespace);
  const source = await openSource(proxy.proxy, flags, {
    mesh: () => mesh,
    readInput: terminal.readInput,
  });
  const comparisons = await compareAtRest(proxy, mesh, source.sections);
  const matches = comparisons.every(isMatch);
  if (flags.output === 'json' || flags.output === 'yaml') {
    terminal.print(format({ proxy: proxy.proxy, matches, comparisons }, flags.output));
  } else {
    terminal.print(comparisons.map(formatComparison).join(''));
    const nacks = describeNacks([proxy], terminal.paint);
    if (nacks !== '') terminal.print(`\n${nacks}`);
  }
  return matches && !hasNack(proxy) ? exitCodes.done : exitCodes.failed;
}

/** Something may be on its way while both are asked: then they are asked again. */
const tries = 4;
/** Milliseconds. */
const rest = 250;

async function compareAtRest(
  { node, proxy }: ProxySync,
  mesh: MeshView,
  running: () => Promise<DumpSections>,
): Promise<readonly TypeComparison[]> {
  for (let left = tries; ; left -= 1) {
    const wanted = await mesh.wanted(node);
    if (wanted === undefined) {
      throw new OperationError('E_PROXY_UNKNOWN', `${proxy} is no longer connected to pilot`);
    }
    const comparisons = compareDumps(splitDump(wanted.configs), await running());
    if (comparisons.every(isMatch) || left === 1) return comparisons;
    await pause(rest);
  }
}
