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

/** JSON.parse that refuses the keys by which an object's prototype could be reached. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new SyntaxError('the key __proto__ is not allowed');
      return value;
    });
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`);
  }
}
