import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HttpMatchRequest, StringMatch } from '../api/virtual-service-schema.ts';
import { coversHttp } from './match-cover.ts';

/** A request, and the caller that sends it. */
interface Request {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly port: number;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly gateway: string;
}

const gateways = ['mesh', 'default/edge'];

// Few values, so that matches and requests meet often.
const word = fc.constantFrom('a', 'ab', 'abc', 'b', 'A');
const path = fc.constantFrom('/', '/a', '/ab', '/a/b', '/A', '/b');

const textMatch = (values: fc.Arbitrary<string>): fc.Arbitrary<StringMatch> =>
  fc.oneof(
    fc.constant({}),
    values.map((exact) => ({ exact })),
    values.map((prefix) => ({ prefix })),
    fc.constantFrom({ regex: '*' }, { regex: 'a.*' }, { regex: '/a.*' }),
  );

const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

const matches = (): fc.Arbitrary<Record<string, StringMatch> | undefined> =>
  some(fc.dictionary(fc.constantFrom('x', 'X', 'y'), textMatch(word), { maxKeys: 2 }));

const anyMatch: fc.Arbitrary<HttpMatchRequest> = fc
  .record({
    uri: some(textMatch(path)),
    ignoreUriCase: some(fc.boolean()),
    method: some(textMatch(word)),
    headers: matches(),
    withoutHeaders: matches(),
    queryParams: matches(),
    port: some(fc.constantFrom(80, 81)),
    sourceNamespace: some(fc.constantFrom('one', 'two')),
    sourceLabels: some(fc.dictionary(fc.constantFrom('app', 'version'), word, { maxKeys: 2 })),
    gateways: some(fc.subarray(gateways, { minLength: 1 })),
  })
  .map((match) => JSON.parse(JSON.stringify(match)) as HttpMatchRequest);

const values = fc.dictionary(fc.constantFrom('x', 'y'), word, { maxKeys: 2 });
const anyRequest: fc.Arbitrary<Request> = fc.record({
  path,
  method: word,
  headers: values,
  query: values,
  port: fc.constantFrom(80, 81),
  namespace: fc.constantFrom('one', 'two'),
  labels: fc.dictionary(fc.constantFrom('app', 'version'), word, { maxKeys: 2 }),
  gateway: fc.constantFrom(...gateways),
});

/** What the documentation of VirtualService says a match means. */
function matchesRequest(match: HttpMatchRequest, request: Request): boolean {
  const has = (wanted: Matches = {}, given: Request['headers'] = {}): readonly boolean[] =>
    Object.entries(wanted).map(([name, one]) => {
      const value = given[name.toLowerCase()] ?? given[name];
      return value !== undefined && matchesText(one, value);
    });
  return (
    matchesPath(match, request.path) &&
    matchesText(match.method ?? {}, request.method) &&
    has(match.headers, request.headers).every(Boolean) &&
    !has(match.withoutHeaders, request.headers).some(Boolean) &&
    has(match.queryParams, request.query).every(Boolean) &&
    matchesCaller(match, request)
  );
}

type Matches = Readonly<Record<string, StringMatch>>;

function matchesPath({ uri = {}, ignoreUriCase = false }: HttpMatchRequest, path: string): boolean {
  if (!ignoreUriCase || uri.regex !== undefined) return matchesText(uri, path);
  const folded = Object.entries(uri).map(([kind, text]) => [kind, text.toLowerCase()]);
  return matchesText(Object.fromEntries(folded) as StringMatch, path.toLowerCase());
}

function matchesCaller(match: HttpMatchRequest, request: Request): boolean {
  return (
    (match.port ?? request.port) === request.port &&
    (match.sourceNamespace ?? request.namespace) === request.namespace &&
    Object.entries(match.sourceLabels ?? {}).every(([k, v]) => request.labels[k] === v) &&
    (match.gateways ?? gateways).includes(request.gateway)
  );
}

function matchesText({ exact, prefix, regex }: StringMatch, value: string): boolean {
  if (exact !== undefined) return value === exact;
  if (prefix !== undefined) return value.startsWith(prefix);
  if (regex !== undefined && regex !== '*') return new RegExp(`^(?:${regex})$`).test(value);
  return true;
}

describe('whether a match takes all that another one would', () => {
  it('is only said when no request shows the contrary', () => {
    let covered = 0;
    fc.assert(
      fc.property(
        anyMatch,
        anyMatch,
        fc.array(anyRequest, { minLength: 20 }),
        (wide, narrow, all) => {
          if (!coversHttp(wide, narrow, gateways)) return;
          covered += 1;
          const escaped = all.filter(
            (request) => matchesRequest(narrow, request) && !matchesRequest(wide, request),
          );
          assert.deepEqual(escaped, []);
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(covered > 50, `only ${covered} pairs covered each other`);
  });

  it('is seen where it matters: shorter prefixes, fewer conditions, other capitals', () => {
    const cases: readonly (readonly [HttpMatchRequest, HttpMatchRequest, boolean])[] = [
      [{ uri: { prefix: '/' } }, { uri: { regex: '/a.*' } }, true],
      [{ uri: { prefix: '/api' } }, { uri: { prefix: '/api/v1' } }, true],
      [{ uri: { prefix: '/api' } }, { uri: { exact: '/api' } }, true],
      [{ uri: { prefix: '/api/v1' } }, { uri: { prefix: '/api' } }, false],
      [{ uri: { prefix: '/api' } }, { uri: { prefix: '/API' }, ignoreUriCase: true }, false],
      [{ uri: { prefix: '/api' }, ignoreUriCase: true }, { uri: { prefix: '/API' } }, true],
      [{ headers: { user: {} } }, { headers: { User: { exact: 'jason' } } }, true],
      [{ headers: { user: { exact: 'jason' } } }, { headers: { user: {} } }, false],
      [{ headers: { user: {} } }, {}, false],
      [
        { headers: { user: { regex: 'j.*' }, User: { prefix: 'j' } } },
        { headers: { user: { prefix: 'j' } } },
        false,
      ],
      [{}, { headers: { user: {} } }, true],
      [{ withoutHeaders: { user: {} } }, { uri: { prefix: '/a' } }, false],
      [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a' }, withoutHeaders: { user: {} } }, true],
      [{ port: 80 }, {}, false],
      [{ gateways: ['mesh'] }, {}, false],
      [{ gateways }, { gateways: ['mesh'] }, true],
      [{ sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'a', version: 'v1' } }, true],
    ];
    assert.deepEqual(
      cases.map(([wide, narrow]) => coversHttp(wide, narrow, gateways)),
      cases.map(([, , covered]) => covered),
    );
  });
});
