import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

type Case = readonly [spec: object, findings: readonly string[]];

function check(kind: string, cases: readonly Case[]): void {
  assert.deepEqual(
    cases.map(([spec]) => findingsOf(kind, spec).map((line) => line.split(': supported')[0])),
    cases.map(([, findings]) => findings),
  );
}

describe('Telemetry', () => {
  it('checks spans, metrics and access logs', () => {
    const overrides = (tagOverrides: object): object => ({
      metrics: [{ overrides: [{ tagOverrides }] }],
    });
    const log = (expression: string): object => ({ accessLogging: [{ filter: { expression } }] });
    const tag = 'spec.metrics[0].overrides[0].tagOverrides[a].value';
    check('Telemetry', [
      [{}, []],
      [
        {
          tracing: [
            { randomSamplingPercentage: 1.5, customTags: { a: { literal: { value: 'b' } } } },
          ],
        },
        [],
      ],
      [overrides({ a: { value: 'request.host' }, b: { operation: 'REMOVE' } }), []],
      [log('response.code >= 400 && request.path != ")"'), []],
      [
        { tracing: [{ randomSamplingPercentage: 101 }, {}] },
        ['spec.tracing[0].randomSamplingPercentage: Invalid value: 101: must be <= 100'],
      ],
      [
        { tracing: [{ providers: [{ name: 'a' }, { name: 'b' }], customTags: { a: {} } }, {}] },
        [
          'warning spec.tracing: Forbidden: only the first one counts; remove the others',
          'warning spec.tracing[0].providers: Forbidden: only the first one counts; remove the others',
          'warning spec.tracing[0].customTags[a]: Required value: write one of literal, environment, header, formatter',
        ],
      ],
      [overrides({ a: {} }), [`${tag}: Required value: operation UPSERT needs it`]],
      [
        overrides({ a: { operation: 'REMOVE', value: 'b' } }),
        [`${tag}: Forbidden: operation REMOVE takes none; remove it`],
      ],
      [
        { metrics: [{ providers: [{ name: '' }], reportingInterval: '1s' }] },
        ['spec.metrics[0].providers[0].name: Required value: must not be empty'],
      ],
      [
        { metrics: [{ overrides: [{ match: { metric: 'REQUEST_COUNT', customMetric: 'a' } }] }] },
        [
          'spec.metrics[0].overrides[0].match: Forbidden: only one of metric, customMetric may be set; it has metric and customMetric',
        ],
      ],
      [
        log('a == "b'),
        [
          'spec.accessLogging[0].filter.expression: Invalid value: "a == \\"b": must be a CEL expression: Unterminated string (line 1, column 6)',
        ],
      ],
    ]);
  });
});

describe('WasmPlugin', () => {
  it('checks the module, its variables and its ports', () => {
    const url = 'oci://example.com/plugin:v1';
    check('WasmPlugin', [
      [{ url: 'example.com/plugin:v1', pluginConfig: { any: [{ thing: null }] } }, []],
      [{ url: 'file:///opt/plugin.wasm', match: [{ ports: [{ number: 80 }] }] }, []],
      [{ url, vmConfig: { env: [{ name: 'A', valueFrom: 'HOST' }] }, priority: 10 }, []],
      [{}, ['spec.url: Required value: write it']],
      [
        { url: 'fake://example.com' },
        [
          'spec.url: Invalid value: "fake://example.com": must be an http, https, oci or file URL, or an image',
        ],
      ],
      [
        { url, sha256: 'foo' },
        ['spec.sha256: Invalid value: "foo": must match pattern "(^$|^[a-f0-9]{64}$)"'],
      ],
      [
        {
          url,
          vmConfig: { env: [{ name: 'A' }, { name: 'A', valueFrom: 'HOST', value: 'b' }] },
          match: [{ ports: [{ number: 80 }, { number: 80 }] }],
        },
        [
          'spec.vmConfig.env[1].name: Duplicate value: "A": give each one only once',
          'spec.vmConfig.env[1].value: Forbidden: valueFrom HOST takes none; remove one of them',
          'spec.match[0].ports[1].number: Duplicate value: 80: give each one only once',
        ],
      ],
      [
        { url, targetRef: { kind: 'Service', name: 'a', namespace: 'b' } },
        [
          'spec.targetRef.namespace: Forbidden: only objects of the same namespace; leave it out',
          'warning spec.targetRef: Invalid value: {"kind":"Service","name":"a","namespace":"b"}: is deprecated; use targetRefs',
        ],
      ],
    ]);
  });
});
