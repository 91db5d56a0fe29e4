import { checkBindAddress, checkSocket, isSocket } from './bind-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required } from './field-error.ts';
import { checkPort } from './field-rules.ts';
import { checkProtocol, isHttpProtocol, isTlsProtocol } from './port-protocol.ts';
import { checkServerTls } from './server-tls-rules.ts';
import type { SidecarIngress } from './sidecar-schema.ts';
import { checkConnectionPool } from './traffic-policy-rules.ts';
import { checkPortName } from './workload-entry-rules.ts';

/** Rules of Istio for what a sidecar takes (istio/istio pkg/config/validation, ValidateSidecar). */
export function* checkIngress(path: string, listener: SidecarIngress): Iterable<FieldError> {
  const { port, bind = '', connectionPool } = listener;
  const { number = 0, protocol = '', name = '' } = port;
  yield* checkTargetPort(path, port.targetPort);
  if (name !== '') yield* checkPortName(`${path}.port.name`, name);
  yield* checkProtocol(`${path}.port.protocol`, protocol);
  yield* checkPort(`${path}.port.number`, number);
  yield* checkBindAddress(`${path}.bind`, bind);
  yield* checkEndpoint(`${path}.defaultEndpoint`, listener.defaultEndpoint ?? '');
  yield* checkIngressTls(path, listener);
  yield* checkConnectionPool(`${path}.connectionPool`, connectionPool);
  if (connectionPool?.http !== undefined && !isHttpProtocol(protocol)) {
    const detail = `has no effect, because the protocol of port ${number} is not HTTP`;
    yield asWarning(forbidden(`${path}.connectionPool.http`, detail));
  }
}

export function* checkTargetPort(path: string, port: number | undefined): Iterable<FieldError> {
  if ((port ?? 0) > 0) {
    yield forbidden(`${path}.port.targetPort`, 'has no effect at a sidecar; remove it');
  }
}

const localHosts = ['', '127.0.0.1', '0.0.0.0', '[::1]', '[::]'];

function* checkEndpoint(path: string, endpoint: string): Iterable<FieldError> {
  if (endpoint === '') return;
  if (isSocket(endpoint)) {
    yield* checkSocket(path, endpoint);
    return;
  }
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, Math.max(0, colon));
  const port = endpoint.slice(colon + 1);
  if (colon === -1 || !localHosts.includes(host)) {
    yield invalid(
      path,
      endpoint,
      'must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or unix:///PATH',
    );
  } else if (!/^\d{1,5}$/.test(port)) {
    yield invalid(path, endpoint, 'must end in a port number, such as 127.0.0.1:8080');
  } else {
    yield* checkPort(path, Number(port));
  }
}

const unsupportedFields = [
  'subjectAltNames',
  'httpsRedirect',
  'credentialName',
  'credentialNames',
  'tlsCertificates',
] as const;

function* checkIngressTls(path: string, { port, tls }: SidecarIngress): Iterable<FieldError> {
  if (tls === undefined) return;
  for (const name of unsupportedFields) {
    const value = tls[name];
    const isSet = typeof value === 'boolean' ? value : value !== undefined && value.length > 0;
    if (isSet) yield forbidden(`${path}.tls.${name}`, 'is for gateways only; remove it');
  }
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    yield invalid(`${path}.tls.mode`, tls.mode, 'is not for sidecars; use SIMPLE or MUTUAL');
  }
  if (!isTlsProtocol(port.protocol ?? '')) {
    yield required(`${path}.port.protocol`, 'with tls it must be HTTPS or TLS');
  }
  yield* checkServerTls(`${path}.tls`, tls);
}
