import { readFile } from 'node:fs/promises';
import { OperationError } from '../kit/errors.ts';
import type { Rule } from '../pilot/model/mesh.ts';
import { type DumpSections, readDump } from './dump-sections.ts';
import { type EndpointRow, readClusterStatuses, readDumpedEndpoints } from './endpoints.ts';
import type { EnvoyAdmin } from './envoy-admin.ts';
import { type MeshView, isDestinationRule } from './mesh-view.ts';
import { ProxyAccess, namedAdmin } from './proxy-access.ts';
import { findProxy } from './proxy-name.ts';

/** Which Envoy a user means, and how it is reached. */
export interface ProxyFlags {
  readonly namespace?: string;
  /** HOST:PORT of an admin interface. */
  readonly admin?: string;
  /** A saved dump, or `-`. */
  readonly file?: string;
  /** Compose project. */
  readonly project?: string;
}

/** What one Envoy runs: from its admin interface, or from a saved dump. */
export interface ProxySource {
  readonly sections: () => Promise<DumpSections>;
  readonly endpoints: () => Promise<readonly EndpointRow[]>;
  /** As Envoy gives it. */
  readonly dumpText: () => Promise<string>;
  /** NAME.NAMESPACE of the DestinationRule for a host, where pilot was asked anyway. */
  readonly ruleOf: () => Promise<(hostname: string) => string | undefined>;
  /** Throws OperationError `E_USAGE` where there is only a dump. */
  readonly admin: () => EnvoyAdmin;
}

/** Where dumps come from that are no Envoy's. */
export interface SourceSurroundings {
  /** Asked only when a proxy is named and nothing else is given. */
  readonly mesh: () => MeshView;
  readonly readInput: () => Promise<string>;
}

/**
 * Opens the Envoy called `name`, or the one that flags name. Throws OperationError `E_USAGE` when neither says which,
 * and what `findProxy` and ProxyAccess throw.
 */
export async function openSource(
  name: string | undefined,
  flags: ProxyFlags,
  surroundings: SourceSurroundings,
): Promise<ProxySource> {
  if (flags.file !== undefined) return sourceOfDump(await readSaved(flags.file, surroundings));
  if (flags.admin !== undefined) return sourceOfAdmin(namedAdmin(flags.admin), noRules);
  if (name === undefined) {
    const text =
      'say which proxy: its name (cmesh proxy-status lists them), --admin HOST:PORT or --file DUMP';
    throw new OperationError('E_USAGE', text);
  }
  const mesh = surroundings.mesh();
  const proxy = findProxy(name, await mesh.syncs(), flags.namespace);
  const access = new ProxyAccess(mesh, flags);
  return sourceOfAdmin(await access.adminOf(proxy), () => findRules(mesh));
}

/** What an Envoy dumps, with its endpoints. */
export const dumpPath = '/config_dump?include_eds';
export const endpointsPath = '/clusters?format=json';

function sourceOfAdmin(admin: EnvoyAdmin, ruleOf: ProxySource['ruleOf']): ProxySource {
  const dumpText = (): Promise<string> => admin.get(dumpPath);
  return {
    dumpText,
    sections: async () => readDump(await dumpText()),
    endpoints: async () => readClusterStatuses(await admin.get(endpointsPath)),
    ruleOf,
    admin: () => admin,
  };
}

function sourceOfDump(text: string): ProxySource {
  const sections = readDump(text);
  return {
    dumpText: () => Promise.resolve(text),
    sections: () => Promise.resolve(sections),
    endpoints: () => Promise.resolve(readDumpedEndpoints(sections)),
    ruleOf: noRules,
    admin: () => {
      throw new OperationError(
        'E_USAGE',
        'a saved dump has no log levels: name a proxy, or --admin HOST:PORT',
      );
    },
  };
}

async function readSaved(path: string, { readInput }: SourceSurroundings): Promise<string> {
  if (path === '-') return readInput();
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OperationError('E_USAGE', `cannot read --file ${path}`, { cause });
  }
}

const noRules: ProxySource['ruleOf'] = () => Promise.resolve(() => undefined);

/** The first rule for a host is the one in force. */
async function findRules(mesh: MeshView): Promise<(hostname: string) => string | undefined> {
  const rules: readonly Rule<unknown>[] = (await mesh.rules()).filter(isDestinationRule);
  return (hostname) => {
    const rule = rules.find(({ hosts }) => hosts.includes(hostname));
    return rule === undefined ? undefined : `${rule.name}.${rule.namespace}`;
  };
}
