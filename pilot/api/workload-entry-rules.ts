import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required } from './field-error.ts';
import { checkLabels, checkPort, isDomainName, isIpAddress } from './field-rules.ts';
import type { WorkloadEntrySpec } from './workload-entry-schema.ts';

/** Rules for a workload, whether an object of its own or an endpoint of a ServiceEntry. */

const portName = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;

/** What the address of a Unix socket holds (unix(7), sun_path), with a byte that ends it. */
const maxSocketPath = 107;

export function* checkWorkload(path: string, workload: WorkloadEntrySpec): Iterable<FieldError> {
  const { address = '', network = '' } = workload;
  if (address === '') {
    if (network === '') yield required(`${path}.address`, 'write the address of the workload');
  } else if (address.startsWith('unix://')) {
    yield* checkSocket(path, workload, address);
  } else if (!isIpAddress(address) && !isDomainName(address)) {
    yield invalid(`${path}.address`, address, 'must be an IP address or a DNS name');
  }
  for (const [name, port] of Object.entries(workload.ports ?? {})) {
    yield* checkPortName(`${path}.ports`, name);
    yield* checkPort(`${path}.ports[${name}]`, port);
  }
  yield* checkLabels(`${path}.labels`, workload.labels);
}

export function* checkPortName(path: string, name: string): Iterable<FieldError> {
  if (name.length > 62 || !portName.test(name)) {
    yield invalid(path, name, 'must be a port name: letters, digits and -, at most 62 of them');
  }
}

function* checkSocket(
  path: string,
  workload: WorkloadEntrySpec,
  address: string,
): Iterable<FieldError> {
  const socket = address.slice('unix://'.length);
  const absolute = socket.startsWith('/') || socket.startsWith('@');
  if (!absolute || socket.endsWith('/')) {
    yield invalid(`${path}.address`, address, 'must be unix:// and an absolute path of a socket');
  } else if (Buffer.byteLength(socket) > maxSocketPath) {
    const detail = `must be the path of a socket of at most ${maxSocketPath} bytes; move the socket`;
    yield invalid(`${path}.address`, address, detail);
  }
  if (workload.ports !== undefined) {
    yield forbidden(`${path}.ports`, 'a unix socket has no ports; remove them');
  }
}
