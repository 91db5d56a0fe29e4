import type { FastifyInstance } from 'fastify';
import { badRequest } from './api-error.ts';
import { decodeProtobuf } from './protobuf-object.ts';

/** The body types of the Kubernetes API; kubectl sends JSON under all of them, apply-patch+yaml included. */
const jsonTypes = [
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** Sets up how bodies are read: JSON under several names, empty bodies, and protobuf. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonTypes, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseJson(body.toString()));
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

/** Objects of the mesh are some twenty levels deep; what reads bodies recursively must come to an end. */
const maxDepth = 100;

/**
 * JSON.parse that refuses the key by which an object's prototype could be reached, and what is nested too deeply.
 * Throws ApiError 400.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  const value = parse(text);
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
