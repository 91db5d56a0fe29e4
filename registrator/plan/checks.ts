/** Declared checks as Consul's agent takes them (https://developer.hashicorp.com/consul/api-docs/agent/check). */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { DeclaredCheck } from '../contract/registration.ts';
import type { CheckFrame, CheckHeaders, CheckSettings } from '../docker/check-labels.ts';

/** What is checked. */
export interface CheckedEndpoint {
  readonly address: string;
  readonly port: number;
  readonly containerId: string;
  /** The port inside the container. */
  readonly containerPort: number;
}

/** The check of one service; its notes say all of it, because two checks with equal notes are the same. */
export function declareCheck(check: CheckSettings, endpoint: CheckedEndpoint): DeclaredCheck {
  const { kind, name, notes, definition } = describeTarget(check, endpoint);
  const { initialStatus, deregisterAfter } = check;
  const remarks = [
    notes,
    ...(initialStatus === undefined ? [] : [`${initialStatus} until its first result`]),
    ...(deregisterAfter === undefined ? [] : [`deregisters after ${deregisterAfter} of critical`]),
  ];
  return {
    kind,
    name,
    notes: remarks.join('; '),
    definition: {
      ...definition,
      ...(initialStatus === undefined ? {} : { Status: initialStatus }),
      ...(deregisterAfter === undefined ? {} : { DeregisterCriticalServiceAfter: deregisterAfter }),
    },
  };
}

function describeTarget(check: CheckSettings, endpoint: CheckedEndpoint): DeclaredCheck {
  switch (check.kind) {
    case 'ttl': {
      const notes = `the application reports at least every ${check.ttl}`;
      return { kind: 'ttl', name: 'TTL', notes, definition: { TTL: check.ttl } };
    }
    case 'tcp':
    case 'grpc':
    case 'http':
      return describeProbe(check, endpoint);
    case 'cmd':
    case 'script':
    case 'exec': {
      const { name, place, definition } = describeCommand(check.kind, check.command, endpoint);
      const notes = `${place} ${describePace(check)}: ${check.command}`;
      return { kind: check.kind, name, notes, definition: { ...definition, ...listTiming(check) } };
    }
  }
}

type Probe = Extract<CheckSettings, { readonly kind: 'tcp' | 'grpc' | 'http' }>;

function describeProbe(check: Probe, { address, port }: CheckedEndpoint): DeclaredCheck {
  const target = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  const pace = describePace(check);
  const timing = listTiming(check);
  if (check.kind === 'tcp') {
    const notes = `connect to ${target} ${pace}`;
    return { kind: 'tcp', name: 'TCP', notes, definition: { TCP: target, ...timing } };
  }
  const trust = check.skipVerify ? { TLSSkipVerify: true } : {};
  const remark = check.skipVerify ? ', any certificate' : '';
  if (check.kind === 'grpc') {
    const notes = `gRPC health of ${target}${check.tls ? ' by TLS' : ''}${remark} ${pace}`;
    const definition = { GRPC: target, GRPCUseTLS: check.tls, ...trust, ...timing };
    return { kind: 'grpc', name: 'gRPC', notes, definition };
  }
  const url = `${check.scheme}://${target}${check.path}`;
  const notes = `${check.method} ${url}${describeHeaders(check.headers)}${remark} ${pace}`;
  const headers = check.headers === undefined ? {} : { Header: check.headers };
  const definition = { HTTP: url, Method: check.method, ...headers, ...trust, ...timing };
  return { kind: 'http', name: 'HTTP', notes, definition };
}

/** Anybody may read the notes of a check, and a value may be a secret: its digest tells two apart. */
function describeHeaders(headers: CheckHeaders | undefined): string {
  if (headers === undefined) return '';
  const digest = createHash('sha256').update(JSON.stringify(headers)).digest('hex').slice(0, 8);
  return ` with ${Object.keys(headers).join(', ')} (${digest})`;
}

function describePace({ interval, timeout }: CheckFrame): string {
  return `every ${interval}, timeout ${timeout ?? 'default'}`;
}

function listTiming({ interval, timeout }: CheckFrame): Readonly<Record<string, string>> {
  return { Interval: interval, ...(timeout === undefined ? {} : { Timeout: timeout }) };
}

/**
 * Commands go to a shell, as in the Consul of gliderlabs/registrator's day; its last version gives the whole
 * text as the name of a program, which cannot work.
 */
function describeCommand(
  kind: 'cmd' | 'script' | 'exec',
  command: string,
  { address, port, containerId, containerPort }: CheckedEndpoint,
): {
  readonly name: string;
  readonly place: string;
  readonly definition: Readonly<Record<string, string | readonly string[]>>;
} {
  switch (kind) {
    case 'cmd': {
      const Args = ['check-cmd', containerId.slice(0, 12), String(containerPort), command];
      const place = `check-cmd in ${containerId.slice(0, 12)}, port ${containerPort},`;
      return { name: 'Command', place, definition: { Args } };
    }
    case 'script': {
      const script = command
        .replaceAll('$SERVICE_IP', () => address)
        .replaceAll('$SERVICE_PORT', String(port));
      const place = `beside Consul, for ${address} ${port},`;
      return { name: 'Script', place, definition: { Args: ['/bin/sh', '-c', script] } };
    }
    case 'exec': {
      const definition = { DockerContainerID: containerId, Args: ['/bin/sh', '-c', command] };
      return { name: 'Docker exec', place: `in ${containerId.slice(0, 12)}`, definition };
    }
  }
}
