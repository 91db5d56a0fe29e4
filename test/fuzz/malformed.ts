import { systemClock } from '../../kit/clock.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import type { KindDefinition } from '../../pilot/api/kind.ts';
import { formatApiVersion, kinds } from '../../pilot/api/kinds.ts';
import { emptyMesh } from '../../pilot/model/mesh.ts';
import { Pipeline } from '../../pilot/push/pipeline.ts';
import { noCatalog } from '../../pilot/sources/consul-catalog.ts';
import { createMemoryStore } from '../../pilot/store/memory-store.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { samples } from '../support/kind-samples.ts';
import { recordLog } from '../support/recorded-log.ts';
import { stringify } from 'yaml';
import { checkPrototypes, checkStore } from './invariants.ts';
import { doubleKey, malform } from './malform.ts';
import { createRandom, type Random } from './random.ts';

/** What came of objects that are nearly right. */
export interface MalformedResult {
  /** How often each status was the answer. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly failures: readonly string[];
}

const declared: readonly number[] = [200, 201, 400, 404, 409, 413, 415, 422];
const mostFailures = 20;

/**
 * Sends `count` objects to a real server, each valid but for one to three places, as JSON, YAML and patches. Every
 * answer must be a success or a declared refusal that says where, and a refusal must leave everything as it was.
 */
export async function fuzzMalformed(share: {
  readonly seed: number;
  readonly count: number;
}): Promise<MalformedResult> {
  const lifecycle = new Lifecycle();
  try {
    return await sendAll(share, lifecycle);
  } finally {
    await lifecycle.close();
    checkPrototypes();
  }
}

async function sendAll(
  { seed, count }: { readonly seed: number; readonly count: number },
  lifecycle: Lifecycle,
): Promise<MalformedResult> {
  const log = recordLog();
  const store = lifecycle.add(createMemoryStore({ clock: systemClock }));
  const server = lifecycle.add(await startApiServer({ store }));
  const { resources } = store;
  const pipeline = lifecycle.add(
    new Pipeline({
      catalog: noCatalog,
      resources,
      domain: 'mesh',
      mesh: {},
      clock: systemClock,
      log,
    }),
  );
  pipeline.start();
  for (const definition of kinds) await plant(server, definition);
  const random = createRandom(seed);
  const statuses: Record<number, number> = {};
  const failures: string[] = [];
  const state = (): readonly unknown[] => {
    pipeline.flush();
    const { virtualServices, destinationRules, services } = pipeline.mesh.current() ?? emptyMesh;
    return [store.list().version, resources.current(), virtualServices, destinationRules, services];
  };
  for (let index = 0; index < count; index += 1) {
    const before = state();
    const request = makeRequest(random);
    const { status, text } = await send(server, request);
    statuses[status] = (statuses[status] ?? 0) + 1;
    const after = state();
    const isSame = after.every((part, at) => part === before[at]);
    const fault =
      findFault(status, text) ??
      (status >= 400 && !isSame ? `${status}, and something has changed` : undefined) ??
      (log.lines.length > 0
        ? `the mesh cannot be built: ${JSON.stringify(log.lines.splice(0))}`
        : undefined);
    if (fault !== undefined && failures.length < mostFailures) {
      failures.push(`object ${index} of seed ${seed}: ${fault}: ${describe(request)}`);
    }
  }
  checkStore(store);
  return { statuses, failures };
}

interface MalformedRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

function pathOf({ group, versions, plural, isClusterScoped }: KindDefinition): string {
  const root = group === '' ? '/api/v1' : `/apis/${group}/${versions[0] ?? ''}`;
  return `${root}${isClusterScoped === true ? '' : '/namespaces/default'}/${plural}`;
}

function objectOf({ group, versions, kind }: KindDefinition, name: string): object {
  const apiVersion = formatApiVersion(group, versions[0] ?? '');
  const metadata = { name, labels: { app: 'a' }, annotations: { note: 'b' } };
  return { apiVersion, kind, metadata, ...samples[kind]?.body };
}

async function plant(server: ApiServer, definition: KindDefinition): Promise<void> {
  const body = JSON.stringify(objectOf(definition, 'one'));
  const { status, text } = await send(server, {
    method: 'POST',
    path: pathOf(definition),
    type: json,
    body,
  });
  if (status !== 201) throw new Error(`the sample of ${definition.kind} is refused: ${text}`);
}

const json = 'application/json';
const apply = 'application/apply-patch+yaml';

/** The ways in which an object comes: half of them in YAML, where the type allows it. */
const ways = [
  { method: 'POST', type: json },
  { method: 'POST', type: 'application/yaml' },
  { method: 'PUT', type: json },
  { method: 'PUT', type: 'application/yaml' },
  { method: 'PATCH', type: 'application/merge-patch+json' },
  { method: 'PATCH', type: apply },
  { method: 'PATCH', type: apply, isYaml: true },
] as const;

function makeRequest(random: Random): MalformedRequest {
  const way = random.pick(ways);
  const { method, type } = way;
  const definition = random.pick(kinds);
  const name = method === 'POST' ? `n${random.integer(10)}` : 'one';
  const object = malform(objectOf(definition, name), random);
  const isYaml = type === 'application/yaml' || 'isYaml' in way;
  const text = isYaml ? toYaml(object) : JSON.stringify(object);
  const body = random.chance(0.1) ? doubleKey(text, random) : text;
  const path = pathOf(definition) + (method === 'POST' ? '' : '/one');
  const query = `?fieldManager=fuzz&force=${random.chance(0.5)}&fieldValidation=${random.pick(['Strict', 'Warn', 'Ignore'])}`;
  return { method, path: path + query, type, body };
}

/** What YAML cannot write is sent as JSON, which is YAML too. */
function toYaml(value: unknown): string {
  try {
    return stringify(value, { aliasDuplicateObjects: false });
  } catch {
    return JSON.stringify(value);
  }
}

async function send(
  { url }: ApiServer,
  { method, path, type, body }: MalformedRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url + path, { method, headers: { 'content-type': type }, body });
  return { status: response.status, text: await response.text() };
}

interface Refusal {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[];
  };
}

function findFault(status: number, text: string): string | undefined {
  if (!declared.includes(status)) return `${status} ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  const { kind, code, message = '', details } = JSON.parse(text) as Refusal;
  if (kind !== 'Status' || code !== status || message === '') return `${status} is no Status`;
  if (status !== 422) return undefined;
  const causes = details?.causes ?? [];
  const isPlaced =
    causes.length > 0 &&
    causes.every(
      ({ field = '', message: what = '' }) => field !== '' || what.includes('unknown field ""'),
    );
  return isPlaced ? undefined : `422 names no path: ${text.slice(0, 300)}`;
}

function describe({ body, ...request }: MalformedRequest): string {
  return JSON.stringify({ ...request, body: body.slice(0, 1000) });
}
