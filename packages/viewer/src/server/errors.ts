import type { Logger } from '@rezolus/core';
import { RezolusError, sentence } from '@rezolus/core/errors';
import type { FastifyInstance } from 'fastify';

/** ErrorType: `errorType` of an error answer: those of the Prometheus HTTP API, and `forbidden`. */
export type ErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'not_found'
  | 'forbidden';

/** ApiError: an error that goes to the client as `{status: "error", errorType, error}` with an HTTP status. */
export class ApiError extends Error {
  readonly statusCode: number;
  readonly errorType: ErrorType;

  constructor(statusCode: number, errorType: ErrorType, message: string) {
    super(message);
    this.name = 'ApiError';
    this.statusCode = statusCode;
    this.errorType = errorType;
  }
}

/** badData: HTTP 400 `bad_data`, for parameters that are missing or wrong. */
export function badData(message: string): ApiError {
  return new ApiError(400, 'bad_data', message);
}

/** toApiError: `error` with the HTTP status and type that Prometheus gives it; unknown ones are `internal`. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RezolusError) {
    if (error.code === 'REZ_ERR_QUERY_PARSE') return badData(sentence(error));
    if (error.code.startsWith('REZ_ERR_QUERY_')) return new ApiError(422, 'execution', sentence(error));
    return new ApiError(500, 'internal', sentence(error));
  }
  if (error instanceof Error) {
    if (error.name === 'TimeoutError') return new ApiError(503, 'timeout', 'query timed out');
    if (error.name === 'AbortError') return new ApiError(499, 'canceled', 'query was canceled');
    const status = (error as { statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return new ApiError(status, 'bad_data', error.message);
    }
  }
  return new ApiError(500, 'internal', 'internal error; the log of the viewer has the details');
}

/** answerErrors: makes every error of `app` an answer in the form of the Prometheus HTTP API. */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = toApiError(error);
    if (answer.errorType === 'internal') {
      log.error({ error: sentence(error), url: request.url }, 'request failed');
    }
    return reply
      .code(answer.statusCode)
      .header('cache-control', 'no-store')
      .send({ status: 'error', errorType: answer.errorType, error: answer.message });
  });
}
