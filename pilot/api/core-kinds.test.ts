import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { decodeObject } from './decode.ts';
import { fieldCodes } from './field-error.ts';

/** A certificate and its key, made for this test. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUWTaA4EAIZ9/p3T1vBgELG55QincwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNYS5leGFtcGxlLmNvbTAgFw0yNjExMjExMjM5NTFaGA8yMTI2
MTAyODEyMzk1MVowGDEWMBQGA1UEAwwNYS5leGFtcGxlLmNvbTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABJulXPOYJQxo0mxIg0j8dBwj6KOomAkTyqX5xNEWSU7E
b4/UcSNx5BFJ17vTp8vzO1jCz4YonIfH/53p/OnSzVOjUzBRMB0GA1UdDgQWBBQk
Z4ZPn8jyuW7bLBbkg294uDR2VjAfBgNVHSMEGDAWgBQkZ4ZPn8jyuW7bLBbkg294
uDR2VjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDY/X3+/+gR
ccFIB+8vwsGEYGZWxfl3Vw8BEmDfHhxVKAIhANKh/BYUGa5URlIBJTd+Gs7FZacp
wUY9qt9NZThosKke
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZEjaMKQHAdOCnsxu
C02//imMbhVVu5A5v5N4rhfahCOhRANCAASbpVzzmCUMaNJsSINI/HQcI+ijqJgJ
E8ql+cTRFklOxG+P1HEjceQRSde706fL8ztYws+GKJyHx/+d6fzp0s1T
-----END PRIVATE KEY-----
`;

const otherKey = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

function decode(kind: string, fields: object): ReturnType<typeof decodeObject> {
  const metadata = { name: 'subject' };
  return decodeObject({ apiVersion: 'v1', kind, metadata, ...fields }, 'Strict');
}

function findingsOf(kind: string, fields: object): readonly string[] {
  const result = decode(kind, fields);
  const problems = result.ok ? result.warnings : result.problems;
  return problems
    .filter(({ code }) => code !== fieldCodes.dormant)
    .map(({ path = '', message }) => `${path}: ${message}`);
}

describe('Secret', () => {
  it('is stored with its data in base64, whichever way they are written', () => {
    const result = decode('Secret', {
      stringData: { a: 'secret' },
      data: { a: 'eA==', b: 'eQ==' },
    });
    assert.deepEqual(result.ok && result.object, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'subject', namespace: 'default' },
      type: 'Opaque',
      data: { a: 'c2VjcmV0', b: 'eQ==' },
    });
  });

  it('checks names and base64, and shows no value', () => {
    assert.deepEqual(
      [
        { data: { a: 'topsecret!', 'b c': '' } },
        { data: { a: { b: 'topsecret' } }, type: 7 },
        { data: {}, dta: {} },
      ].map((fields) => findingsOf('Secret', fields)),
      [
        [
          'data: Invalid value: "b c": must be a name of letters, digits, -, _ and ., at most 253 of them',
          'data[a]: Invalid value: "(not shown)": must be base64; for plain text use stringData of a Secret, data of a ConfigMap',
        ],
        [
          'type: Invalid value: "(not shown)": must be of type string',
          'data.a: Invalid value: "(not shown)": must be of type string',
        ],
        ['dta: unknown field "dta" (did you mean "data"?)'],
      ],
    );
  });

  it('takes a certificate only with its own key', () => {
    const tls = (stringData: object): readonly string[] =>
      findingsOf('Secret', { type: 'kubernetes.io/tls', stringData });
    assert.deepEqual(
      [
        tls({ 'tls.crt': certificate, 'tls.key': key, 'ca.crt': certificate }),
        tls({ 'tls.crt': certificate }),
        tls({ 'tls.crt': certificate, 'tls.key': otherKey }),
        tls({ 'tls.crt': 'a', 'tls.key': 'b' }),
      ],
      [
        [],
        ['data[tls.key]: Required value: type kubernetes.io/tls needs it'],
        [
          'data[tls.key]: Invalid value: "(not shown)": is not the key of tls.crt; give the two that belong together',
        ],
        [
          'data[tls.crt]: Invalid value: "(not shown)": must be a certificate in PEM',
          'data[tls.key]: Invalid value: "(not shown)": must be a private key in PEM',
        ],
      ],
    );
  });

  it('has the limit of Kubernetes, for what the values are and not for base64', () => {
    const most = 1024 * 1024;
    const bytes = (size: number): string => Buffer.alloc(size).toString('base64');
    assert.deepEqual(
      [
        { data: { a: bytes(most) } },
        { data: { a: bytes(most) }, stringData: { a: 'a'.repeat(most) } },
        { data: { a: bytes(most), b: bytes(1) } },
        { data: { a: bytes(most) }, stringData: { b: 'ä' } },
      ].map((fields) => findingsOf('Secret', fields)),
      [
        [],
        [],
        [`data: Too long: may not be more than ${most} bytes together, they are ${most + 1}`],
        [`data: Too long: may not be more than ${most} bytes together, they are ${most + 2}`],
      ],
    );
  });
});

describe('ConfigMap', () => {
  it('checks names, base64 and that each name is given once', () => {
    assert.deepEqual(
      [
        { data: { 'mesh.yaml': 'a: b' }, binaryData: { c: 'eA==' } },
        { data: { a: '' }, binaryData: { a: '!' } },
      ].map((fields) => findingsOf('ConfigMap', fields)),
      [
        [],
        [
          'binaryData[a]: Invalid value: "(not shown)": must be base64; for plain text use stringData of a Secret, data of a ConfigMap',
          'binaryData: Duplicate value: "a": give each one only once',
        ],
      ],
    );
  });
});
