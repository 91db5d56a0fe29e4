import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../kit/problem.ts';
import { findUnknownFields } from '../api/decode.ts';
import { prune } from '../api/prune.ts';
import type { ConfigObject } from '../api/resource.ts';
import { validateSchema } from '../api/validate-schema.ts';
import { applyFields, type Applied, type Application, type Conflict } from '../ownership/apply.ts';
import { contentOf, mergeSchemaOf } from '../ownership/content.ts';
import { listPaths } from '../ownership/field-set.ts';
import { isFields, mergeFields, type Fields } from '../ownership/field-walk.ts';
import {
  areFromClientSideApply,
  kubectlName,
  lastAppliedKey,
  lastAppliedOf,
} from '../ownership/last-applied.ts';
import type { Manager } from '../ownership/managers.ts';
import { ApiError, notFound, strictPatch } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { managersOf, withManagers } from './object-owners.ts';
import { readFlag } from './object-request.ts';
import {
  assertAllowed,
  assertCurrent,
  assertSameName,
  presentWritten,
  readWriting,
  storePlanned,
  withStatusOf,
  type Writing,
} from './object-update.ts';
import { decodeSubmission, readSubmission, type Accepted } from './object-write.ts';

/** Server-side apply: creates the object, or merges what is applied into it and keeps track of who owns what. */
export async function applyObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const writing = readWriting(request, deps, 'Apply');
  const force = readFlag(request, 'force');
  const { body } = readSubmission(writing.target, request.body, writing.unknownFields);
  assertSameName(writing.target, body['metadata'] as ConfigObject['metadata']);
  const stored = await storePlanned(writing, reply, (before) =>
    acceptApply({ writing, force, body }, before),
  );
  return presentWritten(writing, stored);
}

interface Applying {
  readonly writing: Writing;
  readonly force: boolean;
  /** As it was sent, with the namespace of the path. */
  readonly body: Fields;
}

function acceptApply(applying: Applying, before: ConfigObject | undefined): Accepted {
  const { writing, body } = applying;
  const { target, subject } = writing;
  const unknown = judgeUnknown(writing, body);
  const { uid, resourceVersion } = body['metadata'] as ConfigObject['metadata'];
  if (before === undefined && (uid ?? resourceVersion ?? '') !== '') throw notFound(subject);
  if (before !== undefined) assertCurrent(subject, before, body['metadata'] as object);
  const outcome = settle(applying, before);
  if (!outcome.ok) throw applyConflict(outcome.conflicts);
  const { metadata, ...content } = outcome.content;
  const { namespace, name } = target;
  const merged = {
    apiVersion: body['apiVersion'],
    kind: body['kind'],
    metadata: { name, namespace, ...(metadata as object | undefined) },
    ...content,
  };
  const { object, warnings } = decodeSubmission({ target, body: merged, unknownFields: 'Ignore' });
  const after = before === undefined ? object : withStatusOf(before, object);
  if (before !== undefined) assertAllowed(writing, before, after);
  return { object: withManagers(after, outcome.managers), warnings: [...unknown, ...warnings] };
}

/** Unknown fields are found in what was sent: only known ones take part in the merge. */
function judgeUnknown(
  { target, subject, unknownFields }: Writing,
  body: Fields,
): readonly Problem[] {
  const found = findUnknownFields(body, target.definition, unknownFields);
  if (found.some(({ severity }) => severity === 'error')) {
    throw strictPatch(subject, target.version, found);
  }
  return found;
}

function settle({ writing, force, body }: Applying, before: ConfigObject | undefined): Applied {
  const { target, writer } = writing;
  const schema = mergeSchemaOf(target.definition);
  const application: Application = {
    ...(before === undefined ? {} : { live: contentOf(before) }),
    applied: knownContent(writing, body),
    schema,
    managers: managersOf(before),
    writer,
    force,
  };
  const outcome = applyFields(application);
  if (writer.name !== kubectlName || before === undefined) return outcome;
  const annotation = before.metadata.annotations?.[lastAppliedKey];
  const isSwitch = !outcome.ok && areFromClientSideApply(outcome.conflicts, annotation, schema);
  const settled = isSwitch ? applyFields({ ...application, force: true }) : outcome;
  if (!settled.ok || annotation === undefined) return settled;
  return { ...settled, content: withLastApplied(settled.content, body) };
}

/** kubectl goes on to note what it applied, for those who go back to the client side. */
function withLastApplied(content: Fields, body: Fields): Fields {
  const annotations = { [lastAppliedKey]: lastAppliedOf(body) };
  return mergeFields(content, { metadata: { annotations } }) as Fields;
}

/** The labels, annotations and body that are applied, in the form in which they are stored. */
function knownContent({ target }: Writing, body: Fields): Fields {
  const { schema, isFlat, isSecret, normalize = (given: unknown) => given } = target.definition;
  const { metadata, ...rest } = body;
  const given = isFlat === true ? rest : rest['spec'];
  const pruned = prune(given, schema, '').value;
  // What is wrong is told when the whole is judged; only what is right has another form.
  const isRight = validateSchema(pruned, schema, '', isSecret).length === 0;
  const known =
    isFlat === true
      ? withoutDefaults(isRight ? normalize(pruned) : pruned, rest)
      : { ...(given === undefined || given === null ? {} : { spec: pruned }) };
  const head = Object.fromEntries(
    Object.entries(isFields(metadata) ? metadata : {}).filter(
      ([name, value]) => ['labels', 'annotations'].includes(name) && value !== null,
    ),
  );
  return { ...(Object.keys(head).length === 0 ? {} : { metadata: head }), ...known };
}

/** A Secret that names no type gets one; that is not the wish of the one who applied it. */
function withoutDefaults(normal: unknown, given: Fields): Fields {
  const entries = Object.entries(isFields(normal) ? normal : {});
  const isWish = (name: string): boolean =>
    Object.hasOwn(given, name) || (name === 'data' && Object.hasOwn(given, 'stringData'));
  return Object.fromEntries(entries.filter(([name]) => isWish(name)));
}

/** The answer that kubectl turns into its advice about --force-conflicts. */
function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.flatMap(({ manager, fields }) =>
    listPaths(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describeManager(manager)}`,
      field,
    })),
  );
  const [only] = causes;
  const message =
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${conflicts.map(listConflict).join('\n')}`;
  return new ApiError(409, 'Conflict', message, { causes });
}

function listConflict({ manager, fields }: Conflict): string {
  const paths = listPaths(fields).map((path) => `- ${path}`);
  return [`conflicts with ${describeManager(manager)}:`, ...paths].join('\n');
}

function describeManager({ name, operation, apiVersion, subresource }: Manager): string {
  const sub = subresource === undefined ? '' : ` with subresource "${subresource}"`;
  return `"${name}"${sub}${operation === 'Apply' ? '' : ` using ${apiVersion}`}`;
}
