import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../kit/clock.ts';
import { describeError, OperationError } from '../../../kit/errors.ts';
import type { Closer } from '../../../kit/lifecycle.ts';
import type { Log } from '../../../kit/log.ts';
import { groupsOf } from './access.ts';
import { judgedOf } from './guard.ts';
import { writing } from './role.ts';

/** Where the records of writes go, one JSON object a line. */
export interface AuditLog extends Closer {
  readonly write: (line: string) => void;
}

/**
 * Opens an audit log: `-` is standard output, everything else a file that lines are added to and that only its owner
 * may read. Throws OperationError `E_AUDIT_LOG` when the file cannot be written.
 */
export async function openAuditLog(path: string, log: Log): Promise<AuditLog> {
  if (path === '-') {
    return { write: (line) => process.stdout.write(`${line}\n`), close: () => undefined };
  }
  try {
    await (await open(path, 'a', 0o600)).close();
  } catch (cause) {
    throw new OperationError('E_AUDIT_LOG', `cannot write the audit log ${path}`, { cause });
  }
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  stream.on('error', (error) => {
    log.error({ path, error: describeError(error) }, 'cannot write the audit log');
  });
  return {
    write: (line) => stream.write(`${line}\n`),
    close: () =>
      new Promise((resolve) => {
        stream.end(resolve);
      }),
  };
}

/** What an answer says of the object that was written. */
interface Outcome {
  readonly name?: string;
  readonly reason?: string;
}

/**
 * Records every write and every refused one when it has been answered, in the form of Kubernetes' audit events at the
 * level Metadata (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/): who, what, when, from
 * where, with what outcome. Of the objects nothing but the name is recorded, and no message of an answer either,
 * because it can quote a value.
 */
export function recordWrites(app: FastifyInstance, audit: AuditLog, clock: Clock): void {
  const received = new WeakMap<FastifyRequest, number>();
  const outcomes = new WeakMap<FastifyRequest, Outcome>();
  app.addHook('onRequest', (request, _reply, done) => {
    received.set(request, clock.now());
    done();
  });
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    outcomes.set(request, outcomeOf(payload));
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (isWrite(request)) {
      const times = { received: received.get(request) ?? clock.now(), answered: clock.now() };
      const event = describeWrite(request, reply, { ...outcomes.get(request), ...times });
      audit.write(JSON.stringify(event));
    }
    done();
  });
}

/** Reviews are created too, but write nothing. */
function isWrite(request: FastifyRequest): boolean {
  const attributes = judgedOf(request)?.attributes;
  if (attributes?.kind !== 'resource') return !['GET', 'HEAD', 'OPTIONS'].includes(request.method);
  return writing.includes(attributes.verb) && !attributes.resource.startsWith('selfsubject');
}

function outcomeOf(payload: unknown): Outcome {
  const { kind, reason, metadata } = (payload ?? {}) as {
    readonly kind?: unknown;
    readonly reason?: unknown;
    readonly metadata?: { readonly name?: unknown };
  };
  const name = metadata?.name;
  if (kind === 'Status') return typeof reason === 'string' ? { reason } : {};
  return typeof name === 'string' ? { name } : {};
}

function describeWrite(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Outcome & { readonly received: number; readonly answered: number },
): object {
  const { caller, attributes } = judgedOf(request) ?? {};
  const { reason } = outcome;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: randomUUID(),
    stage: 'ResponseComplete',
    requestURI: request.url,
    verb: attributes?.verb ?? request.method.toLowerCase(),
    user:
      caller === undefined
        ? { username: '', groups: [] }
        : { username: caller.name, groups: groupsOf(caller) },
    sourceIPs: [request.ip],
    userAgent: request.headers['user-agent'] ?? '',
    ...(attributes?.kind === 'resource'
      ? { objectRef: objectRef(request, attributes, outcome.name) }
      : {}),
    responseStatus: { code: reply.statusCode, ...(reason === undefined ? {} : { reason }) },
    requestReceivedTimestamp: formatTime(outcome.received),
    stageTimestamp: formatTime(outcome.answered),
  };
}

function objectRef(
  request: FastifyRequest,
  attributes: { readonly group: string; readonly resource: string; readonly name?: string },
  answered: string | undefined,
): object {
  const { group, resource } = attributes;
  const { version = 'v1', namespace, name } = request.params as Readonly<Record<string, string>>;
  const given = name ?? answered ?? nameInBody(request.body);
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(given === undefined ? {} : { name: given }),
    ...(group === '' ? {} : { apiGroup: group }),
    apiVersion: version,
  };
}

/** Of an object that was refused; names have at most 253 characters. */
function nameInBody(body: unknown): string | undefined {
  const { metadata } = (body ?? {}) as { readonly metadata?: { readonly name?: unknown } | null };
  const name = metadata?.name;
  return typeof name === 'string' ? name.slice(0, 253) : undefined;
}

/** RFC 3339 in microseconds, as Kubernetes writes it. */
function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
