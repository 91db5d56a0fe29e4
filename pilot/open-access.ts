import { systemClock } from '../kit/clock.ts';
import { formatProblem } from '../kit/problem.ts';
import type { Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import type { AccessConfig } from './access-config.ts';
import type { PilotConfig } from './config.ts';
import { type AccessPolicy, defaultPolicy } from './http/access/access.ts';
import { type AuditLog, openAuditLog } from './http/access/audit.ts';
import { readGateway } from './http/access/origin.ts';
import { checkKeyPair, type KeyPair } from './http/access/secure-listener.ts';
import { parseTokenFile, type TokenSet } from './http/access/token-file.ts';
import { watchFiles } from './http/access/watched-files.ts';
import type { HttpServer } from './http/server.ts';

/**
 * The part of the composition root that decides who may use the configuration API: reads the token file and goes on
 * reading it. Throws OperationError when it is wrong. */
export async function openAccess(
  config: AccessConfig | undefined,
  log: Log,
  lifecycle: Lifecycle,
): Promise<AccessPolicy> {
  if (config === undefined) return defaultPolicy;
  const { localRole, remoteRole, tokenFile } = config;
  const forwarders = config.forwarders.flatMap((text) =>
    text === 'gateway' ? (readGateway() ?? []) : [text],
  );
  const policy = { ...defaultPolicy, localRole, remoteRole, forwarders };
  if (tokenFile === undefined) return policy;
  let tokens: TokenSet | undefined;
  const watched = lifecycle.add(
    await watchFiles({
      paths: [tokenFile],
      secret: [tokenFile],
      parse: ([text = '']) => readTokens(tokenFile, text),
      onChange: (changed) => {
        tokens = changed;
      },
      clock: systemClock,
      log,
    }),
  );
  return { ...policy, tokens: () => tokens ?? watched.first };
}

function readTokens(path: string, text: string): TokenSet {
  const parsed = parseTokenFile(path, text);
  if (parsed.ok) return parsed.tokens;
  throw new Error(parsed.problems.map(formatProblem).join('; '));
}

/** Undefined when no audit log is wanted. */
export async function openAudit(
  config: AccessConfig | undefined,
  log: Log,
  lifecycle: Lifecycle,
): Promise<AuditLog | undefined> {
  if (config?.auditLog === undefined) return undefined;
  return lifecycle.add(await openAuditLog(config.auditLog, log));
}

/** Opens the listener that speaks TLS and goes on reading its certificate; resolves with its URL. */
export async function openEntrance(
  config: AccessConfig | undefined,
  server: HttpServer,
  log: Log,
  lifecycle: Lifecycle,
): Promise<string | undefined> {
  if (config?.tls === undefined) return undefined;
  const { address, cert, key } = config.tls;
  let renew: (pair: KeyPair) => void = () => undefined;
  const files = lifecycle.add(
    await watchFiles({
      paths: [cert, key],
      secret: [key],
      parse: ([certText = '', keyText = '']) => checkKeyPair({ cert: certText, key: keyText }),
      onChange: (pair) => {
        renew(pair);
      },
      clock: systemClock,
      log,
    }),
  );
  const entrance = await server.listenSecurely(address, files.first);
  ({ renew } = entrance);
  return entrance.url;
}

/** Tokens that cross a network in plain text can be read on the way. */
export function warnOfOpenDoors({ access, http }: PilotConfig, log: Log): void {
  const isLoopback = /^(?:127\.|\[?::1\]?$|localhost$)/.test(http.host);
  if (isLoopback || access === undefined) return;
  if (access.tokenFile !== undefined && access.tls === undefined) {
    log.warn({}, 'tokens are taken over plain HTTP; give --tls-cert and --tls-key, and use https');
  }
  if (access.remoteRole === 'write' || access.remoteRole === 'admin') {
    log.warn({ remoteRole: access.remoteRole }, 'whoever reaches this address may change the mesh');
  }
}
