import type { FastifyInstance } from 'fastify';
import { parseYamlDocument } from '../store/yaml-document.ts';
import { ApiError, badRequest } from './api-error.ts';
import { decodeProtobuf } from './protobuf-object.ts';

/** The body types of the Kubernetes API; kubectl sends JSON under all of them, apply-patch+yaml included. */
const jsonTypes = [
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** Types under which Kubernetes takes YAML too; kubectl sends JSON, people with curl do not. */
const yamlTypes = ['application/yaml', 'application/apply-patch+yaml'];

/** Parsing YAML takes a hundred times as long as JSON, and nothing else is answered meanwhile (characters). */
const longestYaml = 128 * 1024;

/** Sets up how bodies are read: JSON under several names, YAML, empty bodies, and protobuf. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonTypes, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseJson(body.toString()));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addContentTypeParser(yamlTypes, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseYaml(body.toString()));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addContentTypeParser(
    'application/vnd.kubernetes.protobuf',
    { parseAs: 'buffer' },
    (_request, body, done) => {
      try {
        done(null, decodeProtobuf(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** YAML, of which JSON is a part. Throws ApiError 400 or 413. */
export function parseYaml(text: string): unknown {
  if (/^\s*(?:\{|$)/.test(text)) {
    const value = tryJson(text);
    if (value !== unreadable) return value;
  }
  if (text.length > longestYaml) {
    const message = `the body is longer than ${longestYaml} characters, which is the most for YAML; send it as JSON`;
    throw new ApiError(413, 'RequestEntityTooLarge', message);
  }
  const document = parseYamlDocument({ text, line: 1 });
  if (!document.ok) {
    const { line, column } = document.place;
    const at = `line ${line}, column ${column}`;
    if (document.code === 'MULTIPLE_DOCS') {
      throw badRequest(`a second object begins at ${at} of the body; send each by itself`);
    }
    throw badRequest(`the body is not YAML: ${at}: ${document.message}`);
  }
  return assertShape(document.value);
}

const unreadable = Symbol('unreadable');

/** Throws ApiError 400 for JSON that is not to be taken. */
function tryJson(text: string): unknown {
  try {
    JSON.parse(text);
  } catch {
    if (text.trim() !== '') return unreadable;
  }
  return parseJson(text);
}

/** Objects of the mesh are some twenty levels deep; what reads bodies recursively must come to an end. */
const maxDepth = 100;

/**
 * JSON.parse that refuses the key by which an object's prototype could be reached, and what is nested too deeply.
 * Throws ApiError 400.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  return assertShape(parse(text));
}

function assertShape(value: unknown): unknown {
  // Level by level, not by recursion: the depth is what is in question.
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw badRequest(`the body is nested more than ${maxDepth} levels deep`);
    level = level.filter(isContainer).flatMap(contentOf);
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function contentOf(container: object): readonly unknown[] {
  if (Object.hasOwn(container, '__proto__')) {
    throw badRequest('the body is not JSON of this API: the key __proto__ is not allowed');
  }
  return Object.values(container);
}
