import { isObject } from './dump-sections.ts';
import type { VirtualServiceSpec } from '../pilot/api/virtual-service-schema.ts';

type HttpRoute = NonNullable<VirtualServiceSpec['http']>[number];
type HttpMatch = NonNullable<HttpRoute['match']>[number];

/** A share of the traffic that a rule leads somewhere. */
export interface Share {
  readonly host: string;
  readonly subset?: string;
  readonly port?: number;
  /** Percent, 0 to 100. */
  readonly percent: number;
}

/** The conditions of a route in words, one text for each match; none when it takes everything. */
export function describeMatches({ match = [] }: HttpRoute): readonly string[] {
  const texts = match.map(describeMatch);
  return texts.includes('') ? [] : texts;
}

function describeMatch(match: HttpMatch): string {
  return Object.entries(match)
    .flatMap(([field, value]): readonly string[] => {
      if (field === 'name' || field === 'statPrefix' || field === 'ignoreUriCase') return [];
      return describeCondition(field, value);
    })
    .join(' and ');
}

/** Names of fields that hold conditions by name. */
const named: Readonly<Record<string, string>> = {
  headers: 'header',
  withoutHeaders: 'not header',
  queryParams: 'query parameter',
  sourceLabels: 'caller has label',
};

function describeCondition(field: string, value: unknown): readonly string[] {
  const word = named[field];
  if (word !== undefined && isObject(value)) {
    return Object.entries(value).map(([name, own]) => `${word} ${name}${describeValue(own)}`);
  }
  if (Array.isArray(value)) return [`${field} ${value.join(', ')}`];
  return [`${field === 'uri' ? 'path' : field}${describeValue(value)}`];
}

/** Istio's StringMatch, or a plain value. */
function describeValue(value: unknown): string {
  if (!isObject(value)) return ` = ${String(value)}`;
  const [[kind, text] = []] = Object.entries(value);
  if (kind === undefined) return ' is present';
  return ` ${{ exact: '=', prefix: 'begins with', regex: 'matches' }[kind] ?? kind} ${String(text)}`;
}

interface WeightedTarget {
  readonly destination: {
    readonly host: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
  };
  readonly weight?: number;
}

/** Where a route leads, with shares of 100; weights are relative, and a single target gets everything. */
export function sharesOf(targets: readonly WeightedTarget[]): readonly Share[] {
  const sum = targets.reduce((total, { weight = 0 }) => total + weight, 0);
  return targets.map(({ destination: { host, subset, port }, weight = 0 }) => ({
    host,
    ...(subset === undefined ? {} : { subset }),
    ...(port?.number === undefined ? {} : { port: port.number }),
    percent: sum === 0 ? 100 / targets.length : Math.round((1000 * weight) / sum) / 10,
  }));
}

/** What else a route does than leading somewhere: in words, with the main values. */
export function describeActions(route: HttpRoute): readonly string[] {
  return Object.entries(actionWords).flatMap(([field, describe]) => {
    const value = route[field as keyof HttpRoute];
    return value === undefined ? [] : describe(value as never);
  });
}

type Fault = NonNullable<HttpRoute['fault']>;

/** Whether requests are redirected or answered is said by what they become. */
const actionWords: {
  readonly [Field in keyof HttpRoute]?: (value: NonNullable<HttpRoute[Field]>) => readonly string[];
} = {
  redirect: ({ uri, authority }) => [`redirect ${uri ?? authority ?? ''}`.trim()],
  directResponse: ({ status }) => [`direct response ${status}`],
  rewrite: ({ uri, authority, uriRegexRewrite }) => [
    `rewrite to ${uri ?? authority ?? uriRegexRewrite?.rewrite ?? ''}`,
  ],
  timeout: (text) => [`timeout ${text}`],
  retries: ({ attempts = 2 }) => [`retries ${attempts}`],
  fault: describeFault,
  mirror: ({ host, subset }) => [
    `mirror to ${subset === undefined ? host : `${host} subset ${subset}`}`,
  ],
  corsPolicy: () => ['CORS'],
  headers: () => ['changes headers'],
};

function describeFault({ delay, abort }: Fault): readonly string[] {
  return [
    ...(delay === undefined
      ? []
      : [`delay ${delay.fixedDelay ?? ''} for ${delay.percentage?.value ?? 100}%`]),
    ...(abort === undefined
      ? []
      : [
          `abort with ${abort.httpStatus ?? abort.grpcStatus ?? ''} for ${abort.percentage?.value ?? 100}%`,
        ]),
  ];
}
