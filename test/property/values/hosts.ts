import fc, { type Arbitrary } from 'fast-check';

/** Names and addresses of services and of their members. */

/** The longest that a label of DNS may be. */
export const longLabel = 'a'.repeat(63);

/** Names by which rules name services: of the registry, of ServiceEntries, of nothing. */
export const serviceNames = [
  'reviews',
  'reviews.service.consul',
  'reviews.service',
  'ratings',
  'db',
  'chat.service.consul',
  'plain',
  'ext.example.com',
  'api.example.com',
  'missing',
  'missing.example.com',
] as const;

export const ruleHosts: Arbitrary<string> = fc.constantFrom(
  ...serviceNames,
  ...serviceNames,
  '*.service.consul',
  '*.example.com',
  '*-suffix.example.com',
  'Ext.Example.com',
  'under_score.example.com',
  'xn--bcher-kva.example',
  `${longLabel}.example.com`,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}.c`,
  'dot.example.com.',
  '10.1.2.3',
);

export const entryHosts: Arbitrary<string> = fc.constantFrom(
  'ext.example.com',
  'api.example.com',
  '*.example.com',
  'Ext.Example.com',
  'ext.example.com.',
  'reviews.service.consul',
  'fresh.service.consul',
  'fresh',
  'fresh.service',
  'reviews',
  '10.1.2.3.service.consul',
  '*-suffix.example.com',
  '*suffix.example.com',
  '*.service.consul',
  '*.com',
  'under_score.example.com',
  `${longLabel}.example.com`,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}.c`,
  '240.240.0.1.service.consul',
);

export const addresses: Arbitrary<string> = fc.constantFrom(
  '10.9.9.9',
  '10.9.9.10',
  '10.9.9.9/32',
  '10.9.0.0/16',
  '0.0.0.0',
  '127.0.0.1',
  '255.255.255.255',
  '224.0.0.1',
  '240.240.0.1',
  'fd00::1',
  'fd00::1:80',
  'FD00::1',
  'fd00:0:0:0:0:0:0:1',
  '::',
  '::1',
  '::ffff:10.9.9.9',
  'fd00::/8',
);

/** Addresses of endpoints. What is a name ends in .invalid, and is asked of a resolver that knows none. */
export const endpointAddresses: Arbitrary<string> = fc.constantFrom(
  '10.2.0.1',
  '10.2.0.2',
  '127.0.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  'fd00::2',
  '::1',
  '::ffff:10.2.0.1',
  'one.invalid',
  'two.invalid.',
  'UPPER.invalid',
  'under_score.invalid',
  `${longLabel}.invalid`,
  'unix:///var/run/app.sock',
  'unix://@abstract',
  `unix:///${'x'.repeat(106)}`,
);
