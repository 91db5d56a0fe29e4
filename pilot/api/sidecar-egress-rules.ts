import {
  checkBindAddress,
  checkQualifiedHost,
  checkSocket,
  isNamespacePart,
  isSocket,
} from './bind-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, duplicate, forbidden, invalid, required } from './field-error.ts';
import { checkPort } from './field-rules.ts';
import { checkProtocol } from './port-protocol.ts';
import { checkTargetPort } from './sidecar-ingress-rules.ts';
import type { SidecarEgress } from './sidecar-schema.ts';
import { checkPortName } from './workload-entry-rules.ts';

/** Rules of Istio for what a sidecar sends (istio/istio pkg/config/validation, ValidateSidecar). */
export function* checkEgressPort(path: string, listener: SidecarEgress): Iterable<FieldError> {
  const { port, bind = '', captureMode } = listener;
  if (port === undefined) return;
  const { number = 0, name = '', protocol = '' } = port;
  yield* checkTargetPort(path, port.targetPort);
  if (name !== '') yield* checkPortName(`${path}.port.name`, name);
  yield* checkProtocol(`${path}.port.protocol`, protocol);
  if (number !== 0) {
    yield* checkPort(`${path}.port.number`, number);
    yield* checkBindAddress(`${path}.bind`, bind);
    return;
  }
  if (isSocket(bind)) yield* checkSocket(`${path}.bind`, bind);
  else yield required(`${path}.port.number`, 'write one, or bind to unix:///PATH');
  if (captureMode === 'IPTABLES') {
    yield forbidden(`${path}.captureMode`, 'a unix socket cannot be captured; remove it');
  }
}

/** Hosts are NAMESPACE/NAME; a ~ before the namespace takes services out again. */
export function* checkEgressHosts(
  path: string,
  hosts: readonly string[],
  ownNamespace: string,
): Iterable<FieldError> {
  if (hosts.length === 0) yield required(path, 'write at least one host, such as */*');
  for (const [index, host] of hosts.entries()) yield* checkHost(`${path}[${index}]`, host);
  yield* checkOverlaps(path, hosts, ownNamespace);
}

interface HostParts {
  readonly namespace: string;
  readonly name: string;
}

/** Both parts are empty when there is no slash. */
function splitHost(host: string): HostParts {
  const slash = Math.max(0, host.indexOf('/'));
  return { namespace: host.slice(0, slash), name: slash === 0 ? '' : host.slice(slash + 1) };
}

function* checkHost(path: string, host: string): Iterable<FieldError> {
  const { namespace, name } = splitHost(host);
  if (namespace === '' || name === '') {
    yield invalid(path, host, 'must be NAMESPACE/NAME, such as ./* or */reviews.service.consul');
    return;
  }
  const owner = namespace.replace(/^~/, '');
  if (owner !== '' && !isNamespacePart(owner)) {
    yield invalid(path, host, 'its namespace must be a DNS label, "." or "*"');
  }
  yield* checkQualifiedHost(path, name);
}

function* checkOverlaps(
  path: string,
  hosts: readonly string[],
  ownNamespace: string,
): Iterable<FieldError> {
  const seen = new Map<string, Set<string>>();
  for (const [index, host] of hosts.entries()) {
    const { namespace, name } = splitHost(host);
    if (name === '' || namespace.startsWith('~')) continue;
    const key = namespace === '.' ? ownNamespace : namespace;
    const names = seen.get(key) ?? new Set();
    const isCovered = name === '*' ? names.size > 0 : names.has(name) || names.has('*');
    if (isCovered) yield asWarning(duplicate(`${path}[${index}]`, host));
    seen.set(key, names.add(name));
  }
  if (seen.get('*')?.has('*') === true && seen.size > 1) {
    yield asWarning(forbidden(path, '"*/*" stands for everything; remove the other hosts'));
  }
}
