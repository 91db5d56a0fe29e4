import type { Decoded } from './schema.ts';
import { choice, flag, list, message, text, texts } from './schema.ts';

/** Istio's ServerTLSSettings (istio/api networking/v1alpha3/gateway.proto): TLS at a gateway or in front of a workload. */

const versions = ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'] as const;

const certificate = message('One certificate of the server.', {
  serverCertificate: text('File with the certificate.'),
  privateKey: text('File with the private key.'),
  caCertificates: text('File with the authorities that are trusted.'),
});

const few = { minItems: 1, maxItems: 2 };

export const serverTlsSchema = message('How the server uses TLS.', {
  httpsRedirect: flag('Answers plain HTTP with a redirect to HTTPS.'),
  mode: choice('How connections are secured.', [
    'PASSTHROUGH',
    'SIMPLE',
    'MUTUAL',
    'AUTO_PASSTHROUGH',
    'ISTIO_MUTUAL',
    'OPTIONAL_MUTUAL',
  ]),
  serverCertificate: text('File with the certificate (SIMPLE, MUTUAL).'),
  privateKey: text('File with the private key (SIMPLE, MUTUAL).'),
  caCertificates: text('File with the authorities that client certificates must be from (MUTUAL).'),
  caCrl: text('File with revoked certificates.'),
  tlsCertificates: list('Certificates of several algorithms, from files.', certificate, few),
  credentialName: text('Name of a secret with certificates, instead of files.'),
  credentialNames: list(
    'Names of secrets with certificates of several algorithms.',
    text('Name of a secret.'),
    few,
  ),
  caCertCredentialName: text('Name of a secret or ConfigMap with the authorities of clients.'),
  subjectAltNames: texts('Names that the client certificate may have.'),
  verifyCertificateSpki: texts('SHA-256 hashes of the keys that clients may have, in base64.'),
  verifyCertificateHash: texts('SHA-256 hashes of the certificates that clients may have, in hex.'),
  minProtocolVersion: choice('Oldest version of TLS. Default 1.2.', versions),
  maxProtocolVersion: choice('Newest version of TLS.', versions),
  cipherSuites: texts('Ciphers that may be used; those of Envoy by default.'),
  ecdhCurves: texts('Curves of the key exchange that may be used; those of Envoy by default.'),
  insecureSkipVerify: flag('Does not verify client certificates.'),
});

export type ServerTls = Decoded<typeof serverTlsSchema>;
