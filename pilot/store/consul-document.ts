import type { Problem } from '../../kit/problem.ts';
import { decodeObject } from '../api/decode.ts';
import { keyOf, showKey } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { parseConfigFile, staysInForce } from './config-file.ts';
import { isObjectPath, keyPathOf } from './consul-keys.ts';

/** What a key of the store holds. */
export interface KvDocument {
  /** Missing when it is wrong. */
  readonly object?: ConfigObject;
  readonly problems: readonly Problem[];
}

/** The text of an object: readable in Consul's UI, and short where it would be too long. */
export function formatDocument(object: ConfigObject, limit: number): string {
  const entries = Object.entries(object.metadata).filter(([name]) => name !== 'resourceVersion');
  const stored = { ...object, metadata: Object.fromEntries(entries) as object };
  const text = JSON.stringify(stored, null, 2);
  return text.length <= limit ? text : JSON.stringify(stored);
}

/**
 * Reads the value of a key. Pilots write JSON; people may write YAML. Problems name the key, and the line and
 * column where YAML has them.
 */
export function readDocument(prefix: string, path: string, text: string): KvDocument {
  if (!isObjectPath(prefix, path)) {
    const message = `is no key of an object: those are ${prefix}/GROUP/KIND/NAMESPACE/NAME; it is passed over`;
    return { problems: [{ code: 'E_KEY_UNKNOWN', severity: 'warning', resource: path, message }] };
  }
  const { object, problems } = readJson(path, text) ?? readYaml(path, text);
  if (object === undefined) return { problems };
  const place = keyPathOf(prefix, keyOf(object));
  return place === path ? { object, problems } : { problems: [misplaced(path, object, place)] };
}

/** The way of what pilots have written. What is wrong is left to the other way, which knows places. */
function readJson(path: string, text: string): KvDocument | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const result = decodeObject(JSON.parse(text), 'Strict');
    if (!result.ok) return undefined;
    const place = (problem: Problem): string => `${path} ${problem.resource}`;
    const problems = result.warnings.map((problem) => ({ ...problem, resource: place(problem) }));
    return { object: result.object, problems };
  } catch {
    return undefined;
  }
}

function readYaml(path: string, text: string): KvDocument {
  const { documents } = parseConfigFile(path, text);
  const problems = documents.flatMap((document) => document.problems).map(asKey);
  const objects = documents.flatMap((document) => document.objects.map(({ object }) => object));
  const [object] = objects;
  if (object !== undefined && objects.length === 1) {
    const isWrong = problems.some(({ severity }) => severity === 'error');
    return isWrong ? { problems } : { object, problems };
  }
  if (problems.length > 0) return { problems };
  const message = `holds ${objects.length} objects; a key holds one${staysInForce}`;
  return {
    problems: [asKey({ code: 'E_KEY_CONTENT', severity: 'error', resource: path, message })],
  };
}

function asKey(problem: Problem): Problem {
  return { ...problem, message: problem.message.replace(staysInForce, staysInForceOfKey) };
}

const staysInForceOfKey = staysInForce.replace('the file', 'the key');

function misplaced(path: string, object: ConfigObject, place: string): Problem {
  return {
    code: 'E_KEY_MISMATCH',
    severity: 'error',
    resource: path,
    message: `holds ${showKey(keyOf(object))}, which belongs under ${place}${staysInForceOfKey}`,
  };
}
