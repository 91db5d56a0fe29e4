import { parseDuration } from '../../pilot/api/duration.ts';
import { type FieldError, invalid, required } from '../../pilot/api/field-error.ts';
import type { WrittenExpectation } from './case-file-schema.ts';
import { type TextMatch, checkTextMatch, readTextMatch } from './text-match.ts';

/** What must be seen of a request. */
export interface Expectation {
  readonly service?: string;
  readonly version?: string;
  readonly subset?: string;
  readonly host?: string;
  readonly port?: number;
  readonly path?: TextMatch;
  readonly authority?: TextMatch;
  readonly requestHeaders?: Readonly<Record<string, TextMatch>>;
  readonly responseHeaders?: Readonly<Record<string, TextMatch>>;
  readonly status?: number;
  readonly redirect?: TextMatch;
  readonly body?: TextMatch;
  readonly directResponse?: { readonly status?: number; readonly body?: TextMatch };
  readonly fault?: FaultExpectation;
  readonly took?: Span;
  readonly attempts?: number;
  /** Services, or SERVICE/VERSION, that get a copy; none when it is empty. */
  readonly mirror?: readonly string[];
  /** Parts of one, in the order of the file, with what they are a share of. */
  readonly split?: readonly Share[];
  readonly unreachable?: true;
  readonly route?: string;
}

export interface FaultExpectation {
  /** Milliseconds. */
  readonly delay?: number;
  /** Status. */
  readonly abort?: number;
  /** Part of one. */
  readonly share: number;
}

/** Milliseconds. */
export interface Span {
  readonly least?: number;
  readonly most?: number;
}

export interface Share {
  readonly target: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** From 0 to 1 for what is written as 50%, or as the number 50; undefined when it is no percentage. */
export function parsePercent(written: string | number): number | undefined {
  const text = typeof written === 'number' ? String(written) : written.replace(/\s*%$/, '').trim();
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const share = Number(text) / 100;
  return share > 1 ? undefined : share;
}

/** What is wrong with an expectation; `path` is its place in the file. */
export function checkExpectation(path: string, written: WrittenExpectation): readonly FieldError[] {
  if (Object.keys(written).length === 0) {
    return [required(path, 'write what must be seen, such as `{ version: v2 }`')];
  }
  return [
    ...checkTexts(path, written),
    ...checkFault(`${path}.fault`, written.fault),
    ...checkTook(`${path}.took`, written.took),
    ...checkSplit(`${path}.split`, written.split),
    ...checkCombination(path, written),
    ...(written.route === '' ? [required(`${path}.route`, 'name a rule')] : []),
  ];
}

function checkTexts(path: string, written: WrittenExpectation): readonly FieldError[] {
  const headers = (['requestHeaders', 'responseHeaders'] as const).flatMap((key) =>
    Object.entries(written[key] ?? {}).map(([name, match]) => [`${key}[${name}]`, match] as const),
  );
  const others = (['path', 'authority', 'redirect', 'body'] as const).map(
    (key) => [key, written[key]] as const,
  );
  const direct = ['directResponse.body', written.directResponse?.body] as const;
  return [...others, direct, ...headers].flatMap(([key, match]) =>
    match === undefined ? [] : checkTextMatch(`${path}.${key}`, match),
  );
}

function checkFault(path: string, fault: WrittenExpectation['fault']): readonly FieldError[] {
  if (fault === undefined) return [];
  const { delay, abort, share } = fault;
  if (delay === undefined && abort === undefined) {
    return [required(path, 'write delay, abort or both')];
  }
  return [
    ...checkDuration(`${path}.delay`, delay),
    ...(share === undefined || parsePercent(share) !== undefined
      ? []
      : [invalid(`${path}.share`, share, percentAdvice)]),
  ];
}

function checkTook(path: string, took: WrittenExpectation['took']): readonly FieldError[] {
  if (took === undefined) return [];
  if (typeof took === 'string') return checkDuration(path, took);
  const { about, less, more } = took;
  const errors = (['about', 'less', 'more'] as const).flatMap((key) =>
    checkDuration(`${path}.${key}`, took[key]),
  );
  if (errors.length > 0) return errors;
  if (Object.keys(took).length === 0) return [required(path, 'write about, less or more')];
  if (about !== undefined && (less !== undefined || more !== undefined)) {
    return [invalid(path, took, 'write about, or else the limits less and more')];
  }
  const isEmpty = less !== undefined && more !== undefined && ms(less) < ms(more);
  return isEmpty
    ? [invalid(path, took, 'nothing is less than the one and more than the other')]
    : [];
}

function checkDuration(path: string, duration: string | undefined): readonly FieldError[] {
  if (duration === undefined) return [];
  const length = parseDuration(duration);
  return length === undefined || length < 0
    ? [invalid(path, duration, 'must be a duration such as 7s, 1.5s or 200ms')]
    : [];
}

const percentAdvice = 'must be a percentage from 0% to 100%';

function checkSplit(path: string, split: WrittenExpectation['split']): readonly FieldError[] {
  if (split === undefined) return [];
  const shares = Object.entries(split);
  if (shares.length === 0) {
    return [required(path, 'write the shares, such as `{ v1: 90%, v2: 10% }`')];
  }
  const wrong = shares.filter(([, share]) => parsePercent(share) === undefined);
  if (wrong.length > 0) {
    return wrong.map(([target, share]) => invalid(`${path}[${target}]`, share, percentAdvice));
  }
  const sum = shares.reduce((total, [, share]) => total + (parsePercent(share) ?? 0), 0) * 100;
  if (Math.abs(sum - 100) <= sumTolerance) return [];
  const shown = Number(sum.toFixed(2));
  return [invalid(path, split, `the shares are ${shown}% in sum; they must be 100%`)];
}

/** In points: thirds are written as 33.3%. */
const sumTolerance = 0.5;

/** Keys that speak of a backend, which nobody has reached where these hold. */
const backendKeys = ['service', 'version', 'path', 'authority', 'requestHeaders', 'split'] as const;

function checkCombination(path: string, written: WrittenExpectation): readonly FieldError[] {
  const lonely = (['unreachable', 'redirect', 'directResponse'] as const).find(
    (key) => written[key] !== undefined && written[key] !== false,
  );
  if (written.unreachable === false) {
    return [invalid(`${path}.unreachable`, false, 'write true, or say who must answer')];
  }
  if (lonely === undefined) return [];
  return backendKeys
    .filter((key) => written[key] !== undefined)
    .map((key) =>
      invalid(
        `${path}.${key}`,
        written[key],
        `no backend gets a request for which ${lonely} holds; leave one of the two out`,
      ),
    );
}

/** Reads an expectation that has nothing wrong. */
export function readExpectation(written: WrittenExpectation): Expectation {
  const { service, version, subset, host, port, status, attempts, route } = written;
  const { fault, took, split, mirror, unreachable } = written;
  return withoutUndefined({
    service,
    version,
    subset,
    host,
    port,
    status,
    attempts,
    route,
    ...readTexts(written),
    fault: fault === undefined ? undefined : readFault(fault),
    took: took === undefined ? undefined : readTook(took),
    mirror: mirror === undefined ? undefined : readMirror(mirror),
    split:
      split === undefined
        ? undefined
        : Object.entries(split).map(([target, share]) => ({
            target,
            share: parsePercent(share) ?? 0,
          })),
    unreachable: unreachable === true ? (true as const) : undefined,
  });
}

function readTexts(written: WrittenExpectation): Readonly<Record<string, unknown>> {
  const { requestHeaders, responseHeaders, directResponse } = written;
  const texts = (['path', 'authority', 'redirect', 'body'] as const).map((key) => {
    const match = written[key];
    return [key, match === undefined ? undefined : readTextMatch(match)] as const;
  });
  return {
    ...Object.fromEntries(texts),
    requestHeaders: requestHeaders === undefined ? undefined : readHeaders(requestHeaders),
    responseHeaders: responseHeaders === undefined ? undefined : readHeaders(responseHeaders),
    directResponse:
      directResponse === undefined
        ? undefined
        : withoutUndefined({
            status: directResponse.status,
            body:
              directResponse.body === undefined ? undefined : readTextMatch(directResponse.body),
          }),
  };
}

function readHeaders(
  headers: NonNullable<WrittenExpectation['requestHeaders']>,
): Readonly<Record<string, TextMatch>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, match]) => [name.toLowerCase(), readTextMatch(match)]),
  );
}

function readFault({
  delay,
  abort,
  share,
}: NonNullable<WrittenExpectation['fault']>): FaultExpectation {
  return {
    ...(delay === undefined ? {} : { delay: ms(delay) }),
    ...(abort === undefined ? {} : { abort }),
    share: share === undefined ? 1 : (parsePercent(share) ?? 1),
  };
}

function readTook(took: NonNullable<WrittenExpectation['took']>): Span {
  const { about, less, more } = typeof took === 'string' ? { about: took } : took;
  if (about !== undefined) return spanAbout(ms(about));
  return {
    ...(more === undefined ? {} : { least: ms(more) }),
    ...(less === undefined ? {} : { most: ms(less) }),
  };
}

/**
 * What counts as about so long. Envoy sets its timers by the time at which its loop began the round, so they may fire
 * some milliseconds early; and they fire late when the machine has much to do. Neither must fail a test. Who needs a
 * closer limit states it with `less` and `more`.
 */
export function spanAbout(length: number): Span {
  return { least: length - Math.max(50, length * 0.05), most: length * 1.1 + 1000 };
}

function readMirror(mirror: NonNullable<WrittenExpectation['mirror']>): readonly string[] {
  if (typeof mirror !== 'string') return mirror;
  return mirror === 'none' ? [] : [mirror];
}

function ms(duration: string): number {
  return parseDuration(duration) ?? 0;
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
