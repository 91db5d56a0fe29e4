import type { Problem } from '../../kit/problem.ts';
import { Analysis } from '../analysis/analysis.ts';
import { decodeObject } from '../api/decode.ts';
import type { ConfigResource } from '../api/resource.ts';
import type { Connection } from './connection.ts';
import { readResources, readServices } from './live-resources.ts';
import type { ObjectClient } from './object-client.ts';
import type { WireObject } from './wire-object.ts';

/** A warning of the analysis: what it says, and of which object. */
export interface AnalysisWarning {
  readonly code: string;
  /** `KIND NAMESPACE/NAME`; missing: the object whose write was answered with it. */
  readonly resource?: string;
  readonly path?: string;
  readonly message: string;
}

/** Reads `CM0102 [KIND NAMESPACE/NAME] [PATH]: MESSAGE`; undefined for a warning that is none of the analysis. */
export function readAnalysisWarning(text: string): AnalysisWarning | undefined {
  const [, code, resource, path, message] =
    /^(CM\d{4})(?: (\w+ [^/\s]+\/[^\s:]+))?(?: ([^\s:]+))?: (.*)$/s.exec(text) ?? [];
  if (code === undefined || message === undefined) return undefined;
  return {
    code,
    message,
    ...(resource === undefined ? {} : { resource }),
    ...(path === undefined ? {} : { path }),
  };
}

/** As pilot writes it. */
export function showAnalysisWarning({ code, resource, path, message }: AnalysisWarning): string {
  const words = [code, resource, path].filter((word) => word !== undefined);
  return `${words.join(' ')}: ${message}`;
}

/**
 * What is left, when all writes of a command are done, of a warning that one of them was answered with: perhaps with
 * another message. Undefined when a later write has put it right.
 */
export type InTheEnd = (
  warning: AnalysisWarning,
  written: WireObject,
) => Promise<AnalysisWarning | undefined>;

/** After the writes: pilot says in the status of each object what is wrong with it. */
export function judgeWritten(client: ObjectClient): InTheEnd {
  const known = new Map<string, Promise<readonly Finding[]>>();
  return async (warning, written) => {
    const resource = warning.resource ?? nameOf(written);
    const findings = known.get(resource) ?? readFindings(resource, client);
    known.set(resource, findings);
    return whatIsLeft(warning, await findings);
  };
}

type Finding = Pick<Problem, 'code' | 'path' | 'message'>;

interface Status {
  readonly validationMessages?: readonly {
    readonly type: { readonly code: string };
    readonly path?: string;
    readonly message: string;
  }[];
}

async function readFindings(resource: string, client: ObjectClient): Promise<readonly Finding[]> {
  const [, wanted, namespace, name] = /^(\w+) ([^/]+)\/(.+)$/.exec(resource) ?? [];
  const kind = client.kinds.find((served) => served.kind === wanted);
  if (kind === undefined || namespace === undefined || name === undefined) return [];
  const [version = ''] = kind.versions;
  const found = await client.get({ kind, version, namespace, name });
  const { validationMessages = [] } = (found?.['status'] ?? {}) as Status;
  return validationMessages.map(({ type, ...rest }) => ({ code: type.code, ...rest }));
}

/**
 * Before the writes, for a dry run: the objects are laid over what pilot has. Pilot may know more than this client, so
 * only what the analysis here says of an object by itself, and not of all together, is no longer true.
 */
export async function judgePlanned(
  pilot: Connection,
  planned: readonly WireObject[],
): Promise<InTheEnd> {
  const [services, resources] = await Promise.all([readServices(pilot), readResources(pilot)]);
  const analysis = new Analysis('service.consul');
  analysis.setServices(services);
  for (const resource of resources) analysis.change({ kind: 'put', resource });
  const changes = planned.flatMap(decode).map((resource) => ({ kind: 'put', resource }) as const);
  const alone = changes.flatMap((change) => {
    const { own, caused } = analysis.preview(change);
    return [...own, ...caused];
  });
  for (const change of changes) analysis.change(change);
  const together = analysis.problems();
  return (warning, written) => {
    const resource = warning.resource ?? nameOf(written);
    const isOfIt = (problem: Problem): boolean => problem.resource === resource;
    const isKnown = whatIsLeft(warning, alone.filter(isOfIt)) !== undefined;
    const left = whatIsLeft(warning, together.filter(isOfIt));
    return Promise.resolve(isKnown ? left : warning);
  };
}

function decode(object: WireObject): readonly ConfigResource[] {
  const decoded = decodeObject(object, 'Ignore');
  return decoded.ok ? [decoded.resource] : [];
}

function whatIsLeft(
  warning: AnalysisWarning,
  findings: readonly Finding[],
): AnalysisWarning | undefined {
  const there = findings.filter(({ code, path }) => code === warning.code && path === warning.path);
  const same = there.find(({ message }) => inHeader(message) === warning.message);
  const left = same ?? there[0];
  return left === undefined ? undefined : { ...warning, message: left.message };
}

/** Warnings come in a header, where pilot puts ? for what is not ASCII. */
function inHeader(message: string): string {
  return message.replace(/[^\x20-\x7e]/g, '?');
}

function nameOf({ kind, metadata }: WireObject): string {
  return `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
}
