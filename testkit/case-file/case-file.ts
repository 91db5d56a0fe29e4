import { parseDuration } from '../../pilot/api/duration.ts';
import { type FieldError, duplicate, invalid, required } from '../../pilot/api/field-error.ts';
import type { Problem } from '../../kit/problem.ts';
import { readCheckedYaml } from '../../pilot/store/checked-yaml.ts';
import type { Place } from '../../pilot/store/yaml-place.ts';
import type { Behaviour } from '../mesh/backend.ts';
import type { TestRequest } from '../mesh/observation.ts';
import type { TestService } from '../mesh/service.ts';
import {
  type WrittenCase,
  type WrittenCaseFile,
  type WrittenService,
  caseFileSchema,
} from './case-file-schema.ts';
import {
  type Expectation,
  checkExpectation,
  parsePercent,
  readExpectation,
} from './expectation.ts';

/** What a case file says. Names of services are not looked up yet. */
export interface CaseFile {
  readonly path: string;
  /** Files with rules, as they are written. */
  readonly rules: readonly string[];
  readonly services?: ServicesSource;
  readonly cases: readonly TestCase[];
  /** Where a field stands, such as `cases[0].from`. */
  readonly placeOf: (path: string) => Place;
}

export type ServicesSource =
  | { readonly kind: 'file'; readonly path: string }
  /** The registry of a running mesh, by the base URL of its configuration API. */
  | { readonly kind: 'mesh'; readonly server: string }
  | { readonly kind: 'list'; readonly services: readonly TestService[] };

export interface TestCase {
  readonly name: string;
  /** Its field in the file, such as `cases[0]`. */
  readonly field: string;
  readonly from?: CallerReference;
  readonly request: TestRequest;
  readonly when: readonly PlannedBehaviour[];
  readonly expect: Expectation;
  /** How often the request is sent at least. */
  readonly requests?: number;
  /** Deviation of a share that is to be noticed, from 0 to 1. */
  readonly tolerance: number;
}

export interface CallerReference {
  /** A service, a workload, or SERVICE/VERSION. */
  readonly target?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the backends of a service, or of SERVICE/VERSION, do. */
export interface PlannedBehaviour {
  readonly target: string;
  readonly behaviour: Behaviour;
  /** For how many tries of a request. Absent: for all. */
  readonly times?: number;
}

export type ReadCaseFile =
  | { readonly ok: true; readonly file: CaseFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Least deviation that can be asked for: it takes some 6,500 requests. */
const leastTolerance = 0.05;
const usualTolerance = 0.1;

/**
 * Reads the text of a case file (docs/testing-rules.md). `path` is what problems call the file; each has the line
 * and column of the mistake. All mistakes are reported at once.
 */
export function readCaseFile(path: string, source: string): ReadCaseFile {
  const advice = 'write `rules`, `services` and `cases`; docs/testing-rules.md has an example';
  const read = readCheckedYaml(path, source, {
    schema: caseFileSchema,
    empty: required('cases', advice),
    checkMeaning: (value) => checkFile(value as WrittenCaseFile),
  });
  if (!read.ok) return read;
  const written = read.value as WrittenCaseFile;
  const { services } = written;
  const file: CaseFile = {
    path,
    rules: written.rules,
    ...(services === undefined ? {} : { services: readServices(services) }),
    cases: written.cases.map((entry, index) => readCase(entry, index, written.defaults)),
    placeOf: read.placeOf,
  };
  return { ok: true, file };
}

function checkFile({ rules, services, cases }: WrittenCaseFile): readonly FieldError[] {
  const names = cases.map(({ name }) => name);
  return [
    ...(rules.length === 0 ? [required('rules', 'name at least one file with rules')] : []),
    ...(typeof services === 'string' || services === undefined ? [] : checkServices(services)),
    ...cases.flatMap((entry, index) => [
      ...checkCase(`cases[${index}]`, entry),
      ...(names.indexOf(entry.name) < index ? [duplicate(`cases[${index}].name`, entry.name)] : []),
    ]),
  ];
}

function checkServices(services: readonly WrittenService[]): readonly FieldError[] {
  const names = services.map(({ name }) => name);
  return services.flatMap(({ name, port, ports = [] }, index) => {
    const path = `services[${index}]`;
    const errors: FieldError[] = [];
    if (names.indexOf(name) < index) errors.push(duplicate(`${path}.name`, name));
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) {
      errors.push(invalid(`${path}.name`, name, 'must be a name of a-z, 0-9, - and dots'));
    }
    if (port === undefined && ports.length === 0) {
      errors.push(required(`${path}.port`, 'write the port under which others call it'));
    }
    if (port !== undefined && ports.length > 0) {
      errors.push(invalid(`${path}.port`, port, 'write port or ports, not both'));
    }
    return errors;
  });
}

function checkCase(path: string, written: WrittenCase): readonly FieldError[] {
  const { name, from, request, when = {}, expect, tolerance } = written;
  const url = typeof request === 'string' ? request : request.url;
  return [
    ...(name.trim() === '' ? [required(`${path}.name`, 'say in words what the case shows')] : []),
    ...(from === '' ? [required(`${path}.from`, 'name a service')] : []),
    ...checkUrl(typeof request === 'string' ? `${path}.request` : `${path}.request.url`, url),
    ...Object.entries(when).flatMap(([target, { delay }]) => {
      const isDuration = delay === undefined || (parseDuration(delay) ?? -1) >= 0;
      const field = `${path}.when[${target}].delay`;
      return isDuration ? [] : [invalid(field, delay, 'must be a duration such as 2s or 200ms')];
    }),
    ...checkExpectation(`${path}.expect`, expect),
    ...(tolerance === undefined || (parsePercent(tolerance) ?? 0) >= leastTolerance
      ? []
      : [invalid(`${path}.tolerance`, tolerance, 'must be a percentage from 5% to 100%')]),
  ];
}

function checkUrl(path: string, text: string): readonly FieldError[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'tcp:'].includes(url.protocol) && url.hostname !== '') {
    return url.protocol === 'tcp:' && url.port === ''
      ? [invalid(path, text, 'a connection needs a port, as in tcp://db:3306')]
      : [];
  }
  const advice = 'must be http://SERVICE:PORT/PATH, or tcp://SERVICE:PORT';
  return [invalid(path, text, advice)];
}

function readServices(services: NonNullable<WrittenCaseFile['services']>): ServicesSource {
  if (typeof services !== 'string') return { kind: 'list', services: services.map(readService) };
  return /^https?:\/\//.test(services)
    ? { kind: 'mesh', server: services }
    : { kind: 'file', path: services };
}

function readService({
  name,
  port,
  protocol,
  ports,
  versions = [],
  labels = {},
}: WrittenService): TestService {
  const single = port === undefined ? [] : [{ number: port, protocol }];
  const app = name.split('.')[0] ?? name;
  const all = versions.map((version) => (typeof version === 'string' ? { version } : version));
  const workloads = all.map((entry) => ({
    name: `${app}-${entry.version}`,
    version: entry.version,
    labels: { app, version: entry.version, ...labels, ...('labels' in entry ? entry.labels : {}) },
  }));
  return {
    name,
    ports: (ports ?? single).map(({ number, protocol: spoken }) => ({
      number,
      ...(spoken === undefined ? {} : { protocol: spoken }),
    })),
    workloads: workloads.length > 0 ? workloads : [{ name: app, labels: { app, ...labels } }],
  };
}

function readCase(
  written: WrittenCase,
  index: number,
  defaults: WrittenCaseFile['defaults'],
): TestCase {
  const { name, request, when = {}, expect, requests, tolerance } = written;
  const from = written.from ?? defaults?.from;
  return {
    name,
    field: `cases[${index}]`,
    ...(from === undefined ? {} : { from: readCaller(from) }),
    request: readRequest(request, defaults?.headers),
    when: Object.entries(when).map(([target, entry]) => readBehaviour(target, entry)),
    expect: readExpectation(expect),
    ...(requests === undefined ? {} : { requests }),
    tolerance: tolerance === undefined ? usualTolerance : (parsePercent(tolerance) ?? 0),
  };
}

function readCaller(from: NonNullable<WrittenCase['from']>): CallerReference {
  if (typeof from === 'string') return { target: from, labels: {} };
  const { service, version, labels = {} } = from;
  if (service === undefined) return { labels };
  return { target: version === undefined ? service : `${service}/${version}`, labels };
}

function readRequest(
  request: WrittenCase['request'],
  defaults: Readonly<Record<string, string | number | boolean>> = {},
): TestRequest {
  const fields = typeof request === 'string' ? { url: request } : request;
  const { url, method = 'GET', headers = {}, body } = { ...emptyRequest, ...fields };
  return {
    method: method.toUpperCase(),
    url,
    headers: readHeaders({ ...lowerCase(defaults), ...lowerCase(headers) }),
    ...(body === undefined ? {} : { body }),
  };
}

const emptyRequest: {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: string;
} = {};

function lowerCase<T>(headers: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function readHeaders(
  headers: Readonly<Record<string, string | number | boolean>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function readBehaviour(
  target: string,
  { times, status, headers, body, delay, reset }: NonNullable<WrittenCase['when']>[string],
): PlannedBehaviour {
  return {
    target,
    ...(times === undefined ? {} : { times }),
    behaviour: {
      ...(status === undefined ? {} : { status }),
      ...(headers === undefined ? {} : { headers: readHeaders(headers) }),
      ...(body === undefined ? {} : { body }),
      ...(delay === undefined ? {} : { delay: parseDuration(delay) ?? 0 }),
      ...(reset === true ? { reset } : {}),
    },
  };
}
