import { OperationError } from '../kit/errors.ts';
import { exitCodes } from '../kit/exit-code.ts';
import { findNearest } from '../kit/nearest.ts';
import type { Terminal } from '../kit/terminal.ts';
import { describeService } from './describe-service.ts';
import { formatService, formatWorkload } from './describe-text.ts';
import { describeWorkload } from './describe-workload.ts';
import { type MeshFacts, callNames, findService, readFacts } from './mesh-facts.ts';
import type { MeshView } from './mesh-view.ts';
import { format } from './proxy-config.ts';
import { findProxy } from './proxy-name.ts';

export interface DescribeFlags {
  readonly output: string;
  readonly namespace?: string;
}

export interface DescribeOptions {
  readonly terminal: Terminal;
  readonly mesh: MeshView;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** `cmesh describe service|workload NAME`. Throws OperationError; the result is the exit code. */
export async function runDescribe(
  kind: 'service' | 'workload',
  name: string,
  { output, namespace }: DescribeFlags,
  { terminal, mesh, now }: DescribeOptions,
): Promise<number> {
  if (!['text', 'json', 'yaml'].includes(output)) {
    throw new OperationError('E_USAGE', `-o "${output}" is none of text, json and yaml`);
  }
  const facts = await readFacts(mesh);
  const { paint } = terminal;
  if (kind === 'service') {
    const described = describeService(needService(name, facts), facts);
    terminal.print(output === 'text' ? formatService(described, paint) : format(described, output));
  } else {
    const described = describeWorkload(findProxy(name, facts.proxies, namespace), facts);
    terminal.print(
      output === 'text' ? formatWorkload(described, paint, now) : format(described, output),
    );
  }
  return exitCodes.done;
}

function needService(name: string, facts: MeshFacts): NonNullable<ReturnType<typeof findService>> {
  const service = findService(name, facts);
  if (service !== undefined) return service;
  const names = facts.services.map(({ hostname }) => hostname);
  const nearest = findNearest(name, [...names, ...facts.services.flatMap(callNames)]);
  const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  throw new OperationError(
    'E_SERVICE_UNKNOWN',
    `the mesh has no service ${name}${hint === '' ? ';' : hint} ${known}`,
  );
}
