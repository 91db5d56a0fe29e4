import {
  checkBindAddress,
  checkQualifiedHost,
  checkSocket,
  isNamespacePart,
  isSocket,
} from './bind-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, duplicate, forbidden, invalid, required } from './field-error.ts';
import { checkPort, isDnsLabel, isIpAddress } from './field-rules.ts';
import type { GatewayServer, GatewaySpec } from './gateway-schema.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { checkProtocol, isHttpProtocol, isTlsProtocol } from './port-protocol.ts';
import type { ObjectMeta } from './resource.ts';
import { checkServerTls } from './server-tls-rules.ts';

export const gateway = defineKind({
  ...istioNetworking,
  kind: 'Gateway',
  plural: 'gateways',
  singular: 'gateway',
  shortNames: ['gw'],
  description: 'A proxy at the edge of the mesh, and its ports.',
  columns: [ageColumn],
  schema: gatewaySchema,
  validate: checkGateway,
});

function* checkGateway(spec: GatewaySpec, metadata: ObjectMeta): Iterable<FieldError> {
  if (!isDnsLabel(metadata.name)) {
    yield invalid('metadata.name', metadata.name, 'must be a DNS label, without dots');
  }
  const servers = spec.servers ?? [];
  if (servers.length === 0) yield required('spec.servers', 'write at least one server');
  const names = servers.map(({ port }) => port.name);
  for (const [index, server] of servers.entries()) {
    const path = `spec.servers[${index}]`;
    yield* checkServer(path, server);
    const { name } = server.port;
    if (names.indexOf(name) !== index) yield duplicate(`${path}.port.name`, name);
  }
}

function* checkServer(path: string, server: GatewayServer): Iterable<FieldError> {
  const { hosts, tls, bind = '' } = server;
  if (hosts.length === 0) yield required(`${path}.hosts`, 'write at least one name, or *');
  for (const [index, host] of hosts.entries()) yield* checkHost(`${path}.hosts[${index}]`, host);
  yield* checkServerPort(`${path}.port`, server.port, bind);
  yield* isSocket(bind)
    ? checkSocket(`${path}.bind`, bind)
    : checkBindAddress(`${path}.bind`, bind);
  yield* checkServerTls(`${path}.tls`, tls);
  yield* checkTlsAgainstPort(path, server);
}

function* checkServerPort(
  path: string,
  port: GatewayServer['port'],
  bind: string,
): Iterable<FieldError> {
  if (port.protocol === '') yield required(`${path}.protocol`, 'write one, such as HTTP');
  yield* checkProtocol(`${path}.protocol`, port.protocol);
  if (!isSocket(bind)) yield* checkPort(`${path}.number`, port.number);
  else if (port.number !== 0) {
    yield invalid(`${path}.number`, port.number, 'must be 0, because a unix socket has no port');
  }
  if ((port.targetPort ?? 0) > 0) {
    yield forbidden(`${path}.targetPort`, 'has no effect at a gateway; remove it');
  }
  if (port.name === '') yield required(`${path}.name`, 'write a name');
}

/** NAME or NAMESPACE/NAME; at a gateway the name may also be an address. */
function* checkHost(path: string, host: string): Iterable<FieldError> {
  const slash = host.indexOf('/');
  const namespace = slash === -1 ? '*' : host.slice(0, slash);
  const name = host.slice(slash + 1);
  if (namespace === '' || name === '') {
    yield invalid(path, host, 'must be NAME or NAMESPACE/NAME');
    return;
  }
  if (!isNamespacePart(namespace)) {
    yield invalid(path, host, 'its namespace must be a DNS label, "." or "*"');
  }
  if (!isIpAddress(name)) yield* checkQualifiedHost(path, name);
}

const certificates = ['serverCertificate', 'privateKey', 'caCertificates'] as const;

function* checkTlsAgainstPort(path: string, server: GatewayServer): Iterable<FieldError> {
  const { tls, port } = server;
  const { protocol } = port;
  if (tls === undefined) {
    if (isTlsProtocol(protocol)) {
      yield required(`${path}.tls`, `protocol ${protocol} needs it; write its mode`);
    }
    return;
  }
  if (tls.httpsRedirect === true && !isHttpProtocol(protocol)) {
    const detail = `is for servers with protocol HTTP, this one has ${protocol}`;
    yield asWarning(forbidden(`${path}.tls.httpsRedirect`, detail));
  }
  if (isTlsProtocol(protocol)) return;
  const onlyRedirects =
    isHttpProtocol(protocol) &&
    ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(tls.mode ?? 'PASSTHROUGH') &&
    certificates.every((name) => (tls[name] ?? '') === '');
  if (!onlyRedirects) {
    const detail = `protocol ${protocol} is not encrypted; use HTTPS or TLS, or remove tls`;
    yield forbidden(`${path}.tls`, detail);
  }
}
