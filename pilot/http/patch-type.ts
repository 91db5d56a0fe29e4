import type { FastifyRequest } from 'fastify';
import type { KindDefinition } from '../api/kind.ts';
import { ApiError } from './api-error.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from './patch.ts';

const jsonType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
export const applyType = 'application/apply-patch+yaml';
const strategicType = 'application/strategic-merge-patch+json';
const patchTypes = [jsonType, mergeType, applyType];

/** The media type of the body, without its parameters. */
export function readPatchType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

type PatchFunction = (target: unknown, patch: unknown) => unknown;

/** `with apply`: where nothing is stored of it, what is applied merges like anything else. Throws ApiError 415. */
export function patchFunction(
  type: string,
  { isFlat }: KindDefinition,
  choice?: 'with apply',
): PatchFunction {
  // kubectl sends these for the kinds of the core group; their maps merge in both ways alike.
  if (type === strategicType && isFlat === true) return applyStrategicPatch;
  if (type === mergeType || (choice === 'with apply' && type === applyType)) return applyMergePatch;
  if (type === jsonType) return applyJsonPatch;
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${patchTypes.join(', ')}`,
  );
}
