import type { Table } from './table.ts';
import { X509Certificate } from 'node:crypto';
import { type DumpedResource, at, textAt } from './dump-sections.ts';

/** The certificates that a proxy has by SDS, as istioctl lists them. */
export function tableOfSecrets(secrets: readonly DumpedResource[], now: number): Table {
  return {
    columns: [
      'RESOURCE NAME',
      'TYPE',
      'STATUS',
      'VALID CERT',
      'SERIAL NUMBER',
      'NOT AFTER',
      'NOT BEFORE',
    ],
    rows: secrets.map((secret) => rowOf(secret, now)),
  };
}

function rowOf({ name, state, config }: DumpedResource, now: number): readonly string[] {
  const own = at(config, 'tls_certificate', 'certificate_chain');
  const source = own ?? at(config, 'validation_context', 'trusted_ca');
  const kind = own === undefined ? 'CA' : 'Cert Chain';
  const certificate = readCertificate(source);
  const status = state === 'warming' ? 'WARMING' : 'ACTIVE';
  if (certificate === undefined) return [name, kind, status, 'false', '', '', ''];
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  return [
    name,
    kind,
    status,
    String(from <= now && now < to),
    certificate.serialNumber.toLowerCase(),
    new Date(to).toISOString(),
    new Date(from).toISOString(),
  ];
}

/** From an envoy.config.core.v3.DataSource; the first one of a chain. */
function readCertificate(source: unknown): X509Certificate | undefined {
  const bytes = textAt(source, 'inline_bytes');
  const text = textAt(source, 'inline_string');
  try {
    if (bytes !== undefined) return new X509Certificate(Buffer.from(bytes, 'base64'));
    return text === undefined ? undefined : new X509Certificate(text);
  } catch {
    return undefined;
  }
}
