import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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
  414: 'RequestURITooLong',
  415: 'UnsupportedMediaType',
  431: 'RequestHeaderFieldsTooLarge',
  503: 'ServiceUnavailable',
};

const storeStatuses: Readonly<Record<string, number>> = {
  E_EXISTS: 409,
  E_NOT_FOUND: 404,
  E_CONFLICT: 409,
  E_EXPIRED: 410,
  E_FILE_BROKEN: 409,
  E_TERMINATING: 403,
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

/** Answers a URL that the router does not take: a broken escape, or a part that is too long. */
export function answerBadUrl(
  error: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const answer = toApiError(error);
  void reply.code(answer.statusCode).send(statusBody(answer));
}

/** Statuses for what Node's parser refuses (https://nodejs.org/api/http.html#event-clienterror). */
const parserErrors: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the request line and the headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of the chunks are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
};

/** Answers what cannot be read as HTTP, or did not come in time, and closes the connection. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] = parserErrors[error.code ?? ''] ?? [400, 'the request is not HTTP'];
  const body = JSON.stringify(statusBody(new ApiError(code, reasons[code] ?? '', message)));
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
