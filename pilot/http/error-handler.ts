import type { FastifyError, FastifyInstance } from 'fastify';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { StoreError } from '../store/store.ts';
import { ApiError, noSuchPath, statusBody } from './api-error.ts';

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  503: 'ServiceUnavailable',
};

const storeStatuses: Readonly<Record<string, number>> = {
  E_EXISTS: 409,
  E_NOT_FOUND: 404,
  E_CONFLICT: 409,
  E_EXPIRED: 410,
  E_FILE_BROKEN: 409,
  E_TOO_LARGE: 413,
  E_READ_ONLY: 403,
  E_UNAVAILABLE: 503,
  E_CLOSED: 503,
};

/** Every answer that is no success is a Status object: clients decode nothing else. */
export function handleErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError | ApiError, _request, reply) => {
    const answer = toApiError(error);
    if (answer.statusCode >= 500) log.error({ error: describeError(error) }, 'request failed');
    return reply.code(answer.statusCode).send(statusBody(answer));
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(statusBody(noSuchPath())));
}

function toApiError(error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error;
  const code =
    error instanceof StoreError ? (storeStatuses[error.code] ?? 500) : (error.statusCode ?? 500);
  const isExplained = code < 500 || error instanceof StoreError;
  const message = isExplained ? error.message : `internal error: ${describeError(error)}`;
  return new ApiError(code, reasons[code] ?? 'InternalError', message);
}
