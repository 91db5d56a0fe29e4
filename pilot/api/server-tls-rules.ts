import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required } from './field-error.ts';
import { checkOneOf } from './field-rules.ts';
import type { ServerTls } from './server-tls.ts';

/** Rules of Istio for the TLS of a server (istio/istio pkg/config/validation, validateTLSOptions). */

/** Ciphers that Istio passes on (istio/istio pkg/config/security); others it leaves out. */
const ciphers = [
  'ALL',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
];

export function* checkServerTls(path: string, tls: ServerTls | undefined): Iterable<FieldError> {
  if (tls === undefined) return;
  yield* checkCiphers(path, tls);
  yield* checkOneOf(path, tls, ['credentialName', 'credentialNames', 'tlsCertificates']);
  const { mode = 'PASSTHROUGH' } = tls;
  switch (mode) {
    case 'ISTIO_MUTUAL':
      yield* checkOwnCertificates(path, tls);
      return;
    case 'PASSTHROUGH':
    case 'AUTO_PASSTHROUGH':
      yield* checkPassthrough(path, tls, mode);
      break;
    case 'SIMPLE':
    case 'MUTUAL':
    case 'OPTIONAL_MUTUAL':
      yield* checkTermination(path, tls, mode);
  }
  yield* checkRevocation(path, tls);
}

function* checkCiphers(path: string, tls: ServerTls): Iterable<FieldError> {
  const { minProtocolVersion = 'TLS_AUTO', cipherSuites = [] } = tls;
  if (['TLSV1_0', 'TLSV1_1'].includes(minProtocolVersion) && cipherSuites.length === 0) {
    const detail = 'needs cipherSuites, because the default ones are all for TLS 1.2 and newer';
    yield asWarning(invalid(`${path}.minProtocolVersion`, minProtocolVersion, detail));
  }
  for (const [index, cipher] of cipherSuites.entries()) {
    const place = `${path}.cipherSuites[${index}]`;
    // Expressions of OpenSSL, such as -AES128-SHA, begin with a sign and are passed on as they are.
    if (/^[\p{L}\p{N}]/u.test(cipher) && !ciphers.includes(cipher)) {
      yield asWarning(invalid(place, cipher, 'is not a cipher that Istio knows, and is left out'));
    } else if (cipherSuites.indexOf(cipher) !== index) {
      yield asWarning(invalid(place, cipher, 'is listed twice; the second one is left out'));
    }
  }
}

const sources = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
] as const;

function isGiven(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}

function* checkOwnCertificates(path: string, tls: ServerTls): Iterable<FieldError> {
  for (const name of sources.filter((source) => isGiven(tls[source]))) {
    yield forbidden(`${path}.${name}`, 'the mesh has its own certificates in mode ISTIO_MUTUAL');
  }
}

function* checkPassthrough(path: string, tls: ServerTls, mode: string): Iterable<FieldError> {
  for (const name of [...sources, 'caCrl'] as const) {
    if (isGiven(tls[name])) {
      yield asWarning(forbidden(`${path}.${name}`, `is not used in mode ${mode}; remove it`));
    }
  }
}

function* checkTermination(path: string, tls: ServerTls, mode: string): Iterable<FieldError> {
  const secrets = (['credentialName', 'credentialNames'] as const).filter((name) =>
    isGiven(tls[name]),
  );
  const files = isGiven(tls.serverCertificate) && isGiven(tls.privateKey);
  if (files && (secrets.length > 0 || isGiven(tls.tlsCertificates))) {
    yield forbidden(`${path}.serverCertificate`, 'the certificate comes from elsewhere; use one');
  }
  if (secrets.length > 0) return;
  if (mode !== 'SIMPLE' && !isGiven(tls.caCertificates)) {
    yield required(`${path}.caCertificates`, `mode ${mode} needs it to verify clients`);
  }
  if (tls.tlsCertificates === undefined) yield* checkPair(path, tls, mode);
  for (const [index, pair] of (tls.tlsCertificates ?? []).entries()) {
    yield* checkPair(`${path}.tlsCertificates[${index}]`, pair, mode);
  }
}

type Pair = Pick<ServerTls, 'serverCertificate' | 'privateKey'>;

function* checkPair(path: string, pair: Pair, mode: string): Iterable<FieldError> {
  for (const name of ['serverCertificate', 'privateKey'] as const) {
    if (!isGiven(pair[name])) {
      yield required(`${path}.${name}`, `mode ${mode} needs it, or credentialName in its place`);
    }
  }
}

function* checkRevocation(path: string, tls: ServerTls): Iterable<FieldError> {
  if (!isGiven(tls.caCrl)) return;
  if (isGiven(tls.credentialName) || isGiven(tls.credentialNames)) {
    const detail = 'is not used: the secret of credentialName holds the revoked ones; remove it';
    yield asWarning(forbidden(`${path}.caCrl`, detail));
  } else if (tls.mode === 'SIMPLE') {
    yield forbidden(`${path}.caCrl`, 'mode SIMPLE has no client certificates to revoke');
  }
}
