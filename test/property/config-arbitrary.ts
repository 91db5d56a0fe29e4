import fc, { type Arbitrary } from 'fast-check';
import { formatApiVersion, kinds } from '../../pilot/api/kinds.ts';
import type { KindDefinition } from '../../pilot/api/kind.ts';
import { durationForm } from '../../pilot/api/schema.ts';
import { repairs } from './repairs.ts';
import { type Override, type Shape, arbitraryOf } from './schema-arbitrary.ts';
import { durations, ports, weights } from './values/amounts.ts';
import { headerMaps, headerNames, matchedHeaderNames } from './values/headers.ts';
import {
  addresses,
  endpointAddresses,
  entryHosts,
  ruleHosts,
  serviceNames,
} from './values/hosts.ts';
import {
  labels,
  namespaces,
  objectNames,
  portNames,
  protocolNames,
  subsetNames,
} from './values/names.ts';
import { regexes } from './values/regexes.ts';
import { authorities, paths, retryConditions, stringMatches } from './values/requests.ts';

/** An object as somebody writes it, of a kind and with a name; what it says may be anything. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
}

/**
 * Where a value stands that means something to the mesh, to Envoy or to neither, as the end of its path, and its values.
 * The first that fits is taken. Most values are valid, because an object is refused for a single one that is not.
 */
const fields: readonly (readonly [place: RegExp, values: Arbitrary<unknown>])[] = [
  [/^VirtualService\.hosts\[\]$/, ruleHosts],
  [/^ServiceEntry\.hosts\[\]$/, entryHosts],
  [/^ServiceEntry\.addresses\[\]$/, addresses],
  [/^(ServiceEntry\.endpoints\[\]|WorkloadEntry)\.address$/, endpointAddresses],
  [/^DestinationRule\.host$/, ruleHosts],
  [/estination\.host$|mirror\.host$/, fc.constantFrom(...serviceNames)],
  [/\.subset$|subsets\[\]\.name$/, subsetNames],
  [/tunnel\.protocol$/, fc.constantFrom('CONNECT', 'POST')],
  [/tunnel\.targetHost$/, fc.constantFrom('proxy.example.com', '10.0.0.1')],
  [/\.(number|port|targetPort)$/, ports],
  [/\.ports\[\]$/, ports],
  [/\.ports\{\}$|\.ports\[\]\.name$/, portNames],
  [/\.ports\[\]\.protocol$/, protocolNames],
  [/\.exportTo\[\]$/, fc.constantFrom('*', '.', 'default')],
  [
    /(max(Connections|\w*Requests\w*|Retries|ConcurrentStreams)|PendingRequests|2MaxRequests|minHealthPercent)$/,
    fc.constantFrom(0, 1, 100),
  ],
  [/\.gateways\[\]$/, fc.constantFrom('mesh', 'mesh', 'mesh', 'gateway')],
  [/[nN]amespace$/, namespaces],
  [/[lL]abels$/, labels],
  [/\.weight$/, weights],
  [/\.retryOn$/, retryConditions],
  [/\.attempts$/, fc.constantFrom(1, 2, 3, 1000, 2_147_483_647)],
  [/\.redirectCode$/, fc.constantFrom(301, 302, 303, 307, 308, 0)],
  [/[pP]ercent(age\.value|age)?$|mirror_percent$/, fc.constantFrom(0, 1, 50, 100)],
  [/\.(status|httpStatus)$/, fc.constantFrom(200, 204, 404, 503, 599)],
  [/\.grpcStatus$/, fc.constantFrom('UNAVAILABLE', 'OK', 'NOT_FOUND')],
  [/directResponse\.body\.string$/, fc.constantFrom('', 'ok', 'ü', 'x'.repeat(5000), '%REQ(x)%')],
  [/directResponse\.body\.bytes$/, fc.constantFrom('', 'AAAA', 'AA==', 'A'.repeat(8000))],
  [/redirect\.scheme$/, fc.constantFrom('http', 'https', '')],
  [/\.(uri|prefixRewrite)$/, paths],
  [/\.authority$/, authorities],
  [/uriRegexRewrite\.match$/, regexes],
  [/uriRegexRewrite\.rewrite$/, fc.constantFrom('/\\1', '/\\0', '\\9', '\\', '/a', '\\\\', 'ü')],
  [/\.(set|add)$/, headerMaps],
  [/(h|withoutH)eaders\{\}$/, matchedHeaderNames],
  [/\.remove\[\]$|Headers\[\]$|httpHeaderName$/, headerNames],
  [/queryParams\{\}$|QueryParameterName$/, fc.constantFrom('a', 'user', 'ü', 'a b', 'a=b')],
  [/allowMethods\[\]$/, fc.constantFrom('GET', 'POST', '*')],
  [/allowOrigin\[\]$/, fc.constantFrom('*', 'https://example.com', '', 'ü')],
  [/httpCookie\.name$/, fc.constantFrom('user', 'a b', 'ü', ';', 'x'.repeat(5000))],
  [/httpCookie\.path$/, fc.constantFrom('/', '', 'no-slash', ';', 'ü', '\r\n')],
  [/inimumRingSize$/, fc.constantFrom(0, 1, 1024, 2_000_000)],
  [/maglev\.tableSize$/, fc.constantFrom(2, 3, 7, 65_537, 1_000_003)],
  [/\.locality$/, fc.constantFrom('r', 'r/z', 'r/z/s', '', '/', 'r//s', 'r/z/s/t', 'ü')],
  [/subnets?(\[\])?$/i, fc.constantFrom('10.0.0.0/8', '::/0', '10.1.2.3')],
  [/sniHosts\[\]$/, ruleHosts],
  [
    /\.(name|statPrefix)$/,
    fc.constantFrom('a', 'a-b', 'with space', 'ü', '%REQ(x)%', 'x'.repeat(300)),
  ],
];

const override: Override = (path, shape) =>
  fields.find(([place]) => place.test(path) && isLeaf(path, shape))?.[1] ?? byShape(shape);

/** Of the messages only the maps of labels and headers have values of their own. */
function isLeaf(path: string, shape: Shape): boolean {
  return shape.type !== 'array' && (shape.properties === undefined || /[lL]abels$/.test(path));
}

function byShape(shape: Shape): Arbitrary<unknown> | undefined {
  if (shape.description?.endsWith(durationForm) === true) return durations;
  const { exact, prefix, regex, number, ...others } = shape.properties ?? {};
  const isPort = number !== undefined && Object.keys(others).length === 0;
  if (isPort) return fc.record({ number: ports });
  const isMatch = exact !== undefined && prefix !== undefined && regex !== undefined;
  return isMatch ? stringMatches : undefined;
}

/** Objects of a kind. Those of the kinds in force are mostly valid, and now and then almost. */
function objectsOf(kind: KindDefinition): Arbitrary<Written> {
  const body = arbitraryOf(kind.schema, kind.kind, override) as Arbitrary<Written>;
  const repair = repairs[kind.kind];
  const written =
    repair === undefined ? body : fc.tuple(body, fc.nat()).map(([it, seed]) => repair(it, seed));
  return fc
    .record({
      apiVersion: fc.constantFrom(
        ...kind.versions.map((version) => formatApiVersion(kind.group, version)),
      ),
      kind: fc.constant(kind.kind as string),
      metadata: fc.record({
        name: objectNames,
        namespace: namespaces,
      }),
      body: written,
    })
    .map(({ body: content, ...head }) =>
      kind.isFlat === true ? { ...head, ...content } : { ...head, spec: content },
    );
}

function named(kind: string): KindDefinition {
  const found = kinds.find((candidate) => candidate.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return found;
}

/** Namespaces are for no proxy. */
const placedKinds = kinds.filter(({ isClusterScoped }) => isClusterScoped !== true);

/** How often each kind occurs: those that nobody reads yet are there so that they are judged once somebody does. */
const frequencies: Readonly<Record<string, number>> = {
  VirtualService: 40,
  DestinationRule: 25,
  ServiceEntry: 25,
};

/** Sets of objects as they stand in a store: no two of one kind, namespace and name. */
export const configSets: Arbitrary<readonly Written[]> = fc.uniqueArray(
  fc.oneof(
    ...placedKinds.map((kind) => ({
      weight: frequencies[kind.kind] ?? 1,
      arbitrary: objectsOf(named(kind.kind)),
    })),
  ),
  {
    minLength: 1,
    maxLength: 6,
    selector: ({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`,
  },
);
