import { systemClock } from '../kit/clock.ts';
import { formatProblem } from '../kit/problem.ts';
import type { Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import type { AccessConfig } from './access-config.ts';
import type { PilotConfig } from './config.ts';
import { WatchedCell } from '../kit/watched.ts';
import { type AccessPolicy, defaultPolicy } from './http/access/access.ts';
import { type AuditLog, openAuditLog } from './http/access/audit.ts';
import { readGateway } from './http/access/origin.ts';
import { checkKeyPair, type KeyPair } from './http/access/secure-listener.ts';
import { parseTokenFile, type TokenSet } from './http/access/token-file.ts';
import type { HostPort } from './address.ts';
import { watchFiles } from './http/access/watched-files.ts';
import type { HttpServerDeps } from './http/deps.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { type ListenPlace, listenAt } from './start-failure.ts';

/** Where the configuration API is served. */
export interface ServedHttp {
  readonly http: string;
  /** Missing without a certificate. */
  readonly https?: string;
}

/**
 * The part of the composition root that opens the configuration API and decides who may use it. Throws
 * OperationError when an address is taken, or a file of tokens or certificates is wrong.
 */
export async function openHttp(
  config: PilotConfig,
  deps: HttpServerDeps,
  lifecycle: Lifecycle,
): Promise<ServedHttp> {
  const { log } = deps;
  const audit = await openAudit(config.access, log, lifecycle);
  const access = await openAccess(config.access, log, lifecycle);
  const guarded = { ...deps, access, ...(audit === undefined ? {} : { audit }) };
  const server = lifecycle.add(createHttpServer(guarded));
  const http = await listenAt(placeOf('--http', config.http), server.listen(config.http));
  const https = await openEntrance(config.access, server, log, lifecycle);
  warnOfOpenDoors(config, log);
  return { http, ...(https === undefined ? {} : { https }) };
}

/** Reads the token file and goes on reading it. Throws OperationError when it is wrong. */
async function openAccess(
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
  const tokens = new WatchedCell<TokenSet>();
  const watched = lifecycle.add(
    await watchFiles({
      paths: [tokenFile],
      secret: [tokenFile],
      parse: ([text = '']) => readTokens(tokenFile, text),
      onChange: (changed) => tokens.set(changed),
      clock: systemClock,
      log,
    }),
  );
  tokens.set(watched.first);
  return { ...policy, tokens };
}

function readTokens(path: string, text: string): TokenSet {
  const parsed = parseTokenFile(path, text);
  if (parsed.ok) return parsed.tokens;
  throw new Error(parsed.problems.map(formatProblem).join('; '));
}

/** Undefined when no audit log is wanted. */
async function openAudit(
  config: AccessConfig | undefined,
  log: Log,
  lifecycle: Lifecycle,
): Promise<AuditLog | undefined> {
  if (config?.auditLog === undefined) return undefined;
  return lifecycle.add(await openAuditLog(config.auditLog, log));
}

/** Opens the listener that speaks TLS and goes on reading its certificate; resolves with its URL. */
async function openEntrance(
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
  const listening = server.listenSecurely(address, files.first);
  const entrance = await listenAt(placeOf('--https', address), listening);
  ({ renew } = entrance);
  return entrance.url;
}

function placeOf(flag: ListenPlace['flag'], { host, port }: HostPort): ListenPlace {
  return { flag, address: `${host.includes(':') ? `[${host}]` : host}:${port}` };
}

/** Tokens that cross a network in plain text can be read on the way. */
function warnOfOpenDoors({ access, http }: PilotConfig, log: Log): void {
  const isLoopback = /^(?:127\.|\[?::1\]?$|localhost$)/.test(http.host);
  if (isLoopback || access === undefined) return;
  if (access.tokenFile !== undefined && access.tls === undefined) {
    log.warn({}, 'tokens are taken over plain HTTP; give --tls-cert and --tls-key, and use https');
  }
  if (access.remoteRole === 'write' || access.remoteRole === 'admin') {
    log.warn({ remoteRole: access.remoteRole }, 'whoever reaches this address may change the mesh');
  }
}
