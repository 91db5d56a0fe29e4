import type { GatewayServer } from '../api/gateway-schema.ts';
import { isHttpProtocol, isTlsProtocol } from '../api/port-protocol.ts';

/** The list of a VirtualService that a server of a Gateway takes rules from. */
export function takenAt({ port, tls }: GatewayServer): 'http' | 'tls' | 'tcp' {
  if (isHttpProtocol(port.protocol)) return 'http';
  if (!isTlsProtocol(port.protocol)) return 'tcp';
  const mode = tls?.mode ?? 'PASSTHROUGH';
  if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') return 'tls';
  return port.protocol.toUpperCase() === 'HTTPS' ? 'http' : 'tcp';
}

/** What a server speaks with its callers; one port can speak only one of them. */
export function spokenAt({ port }: GatewayServer): 'HTTP' | 'TLS' | 'TCP' {
  if (isHttpProtocol(port.protocol)) return 'HTTP';
  return isTlsProtocol(port.protocol) ? 'TLS' : 'TCP';
}
