import fc, { type Arbitrary } from 'fast-check';
import { longLabel } from './hosts.ts';

/** Names and labels of what stands in objects, and of objects. */

export const portNames: Arbitrary<string> = fc.constantFrom(
  'http',
  'http-main',
  'tcp-db',
  'main',
  'grpc',
  'https',
  'mysql',
  'tls-x',
  'HTTP',
  'a',
  'x'.repeat(62),
  '0',
);

export const protocolNames: Arbitrary<string> = fc.constantFrom(
  'HTTP',
  'HTTP',
  'http2',
  'GRPC',
  'GRPC-WEB',
  'HTTP_PROXY',
  'TCP',
  'TCP',
  'TLS',
  'HTTPS',
  'UDP',
  'MONGO',
  'MYSQL',
  'REDIS',
  '',
);

export const subsetNames: Arbitrary<string> = fc.constantFrom(
  'v1',
  'v2',
  'v3',
  'v1-a',
  '0',
  longLabel,
);

export const labels: Arbitrary<Readonly<Record<string, string>>> = fc.dictionary(
  fc.constantFrom('version', 'app', 'example.com/tier', 'under_score', 'UPPER'),
  fc.constantFrom('v1', 'v2', 'v3', '', 'a.b_c-d', longLabel),
  { maxKeys: 2 },
);

/** Names of objects; the longest that a label of DNS may be, and several of them. */
export const objectNames: Arbitrary<string> = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  'e.f',
  longLabel,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}`,
);

export const namespaces: Arbitrary<string> = fc.constantFrom('default', 'other', longLabel);
