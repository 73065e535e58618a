import { type ErrorCode, errorCatalogue, RezolusError } from '@rezolus/core';
import type { InstantQuery, RangeQuery, Series } from '@rezolus/query';
import type { Capture, CaptureKind } from '../../contract.ts';
import { ApiError, type ErrorType } from '../errors.ts';
import type { RangeRequest } from '../range.ts';
import type { SpreadsRequest } from '../shifts/spreads.ts';

/** WorkerInput: what a query worker opens. */
export type WorkerInput =
  | { readonly kind: 'file'; readonly path: string; readonly name?: string }
  | { readonly kind: 'live'; readonly url: string; readonly httpConfigFile?: string }
  /** What a recorder is writing: its folder. */
  | { readonly kind: 'growing'; readonly folder: string }
  | { readonly kind: 'prometheus'; readonly url: string; readonly httpConfigFile?: string };

/** SourceState: what the server needs to know of a source beside answers. `series` where they changed. */
export interface SourceState {
  readonly kind: CaptureKind;
  readonly name: string;
  readonly nodes: Capture['nodes'] | undefined;
  readonly generation: number;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly series?: readonly Series[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly systeminfo: unknown;
  readonly connected: boolean;
}

/** WorkerRequest: a query for the worker; `cancel` ends the one of that id. */
export type WorkerRequest =
  | { readonly id: number; readonly method: 'range'; readonly argument: RangeRequest }
  | { readonly id: number; readonly method: 'spreads'; readonly argument: SpreadsRequest }
  | { readonly id: number; readonly method: 'matrix'; readonly argument: RangeQuery }
  | { readonly id: number; readonly method: 'instant'; readonly argument: InstantQuery };

/** WorkerReply: what the worker says. Every request gets one reply, also when it was cancelled. */
export type WorkerReply =
  | { readonly type: 'state'; readonly state: SourceState }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Uint8Array<ArrayBuffer> | string }
  | { readonly type: 'error'; readonly id: number | null; readonly error: PlainError };

/** PlainError: an error as it goes from one thread to another. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly errorType?: ErrorType;
}

/** plainError: what {@link fromPlainError} needs of an error. */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  if (error instanceof RezolusError) return { name, message, code: error.code };
  if (error instanceof ApiError) {
    return { name, message, statusCode: error.statusCode, errorType: error.errorType };
  }
  return { name, message };
}

/** fromPlainError: the error again. */
export function fromPlainError({ name, message, code, statusCode, errorType }: PlainError): Error {
  if (code !== undefined && code in errorCatalogue) return new RezolusError(code as ErrorCode, message);
  if (statusCode !== undefined && errorType !== undefined)
    return new ApiError(statusCode, errorType, message);
  return Object.assign(new Error(message), { name });
}
