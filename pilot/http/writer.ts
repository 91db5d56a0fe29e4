import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../kit/clock.ts';
import { formatApiVersion } from '../api/kinds.ts';
import type { Operation, Writer } from '../ownership/managers.ts';
import { ApiError } from './api-error.ts';
import { readQuery, type Target } from './object-request.ts';

/** Kubernetes' limit for the name of a field manager (characters). */
const longestName = 128;

/**
 * Who writes, for metadata.managedFields: the fieldManager of the request, else the program that the client
 * says it is. Throws ApiError 422 when it is missing where it is needed, or malformed.
 */
export function readWriter(
  request: FastifyRequest,
  { definition, version }: Target,
  operation: Operation,
  clock: Clock,
): Writer {
  const given = readQuery(request, 'fieldManager');
  if (operation === 'Apply' && given === '') {
    throw invalidOption('FieldValueRequired', 'Required value: is required for apply patch');
  }
  if (given.length > longestName || !/^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(given)) {
    const what = `must be at most ${longestName} characters, all of them printable`;
    throw invalidOption('FieldValueInvalid', `Invalid value: ${JSON.stringify(given)}: ${what}`);
  }
  const name = given === '' ? programOf(request.headers['user-agent'] ?? '') : given;
  return {
    name,
    operation,
    apiVersion: formatApiVersion(definition.group, version),
    time: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

function programOf(userAgent: string): string {
  const [program = ''] = userAgent.split('/');
  const printable = program.replace(/[^\x20-\x7e]/g, '').slice(0, longestName);
  return printable === '' ? 'unknown' : printable;
}

function invalidOption(reason: string, message: string): ApiError {
  return new ApiError(
    422,
    'Invalid',
    `PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${message}`,
    {
      group: 'meta.k8s.io',
      kind: 'PatchOptions',
      causes: [{ reason, message, field: 'fieldManager' }],
    },
  );
}
