/**
 * What a schema cannot say of a body, put right so that most of what is generated is valid: a choice where only one
 * of several fields may be set, a field that another one needs.
 */
type Body = Readonly<Record<string, unknown>>;
type Repair = (body: never, seed: number) => Body;

/** One in so many objects stays as it was generated: the validation must judge it itself. */
const untouched = 16;

export const repairs: Readonly<Record<string, (body: Body, seed: number) => Body>> = {
  VirtualService: unlessUntouched(repairVirtualService),
  DestinationRule: unlessUntouched(repairDestinationRule),
  ServiceEntry: unlessUntouched(repairServiceEntry),
};

function unlessUntouched(repair: Repair): (body: Body, seed: number) => Body {
  return (body, seed) =>
    seed % untouched === untouched - 1 ? body : repair(body as never, Math.floor(seed / untouched));
}

type Writable = Record<string, unknown>;

function without(body: Body, ...names: readonly string[]): Writable {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

/** Keeps one of the fields that exclude each other. */
function keepOne(body: Body, names: readonly string[], seed: number): Writable {
  const given = names.filter((name) => body[name] !== undefined);
  const kept = given[seed % Math.max(1, given.length)];
  return without(body, ...given.filter((name) => name !== kept));
}

function each(value: unknown, change: (item: Body, index: number) => unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as Body[]).map(change) : [];
}

function unique(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? [...new Set(value as unknown[])] : [];
}

/** The same object with the fields that are given changed. */
function change(
  body: Body,
  changes: Readonly<Record<string, (value: never) => unknown>>,
): Writable {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, changes[name]?.(value as never) ?? value]),
  );
}

const target = { destination: { host: 'reviews' } };

/** Hosts of which none covers another. */
function apart(hosts: readonly unknown[]): readonly unknown[] {
  const wild = hosts.map(String).filter((host) => host.startsWith('*'));
  return hosts.filter(
    (host) => !wild.some((one) => one !== host && String(host).endsWith(one.slice(1))),
  );
}

function repairVirtualService(body: Body, seed: number): Body {
  const hosts = apart(unique(body['hosts']));
  const http = each(body['http'], (route, index) => repairHttpRoute(route, seed + index));
  const tls = each(body['tls'], (route) => ({
    ...route,
    route: atLeast(repairWeights(route['route']), target),
    match: each(route['match'], (match) => ({ ...match, sniHosts: [hosts[0] ?? 'reviews'] })),
  })).filter((route) => (route as { readonly match: readonly unknown[] }).match.length > 0);
  const tcp = each(body['tcp'], (route) => ({
    ...route,
    route: atLeast(repairWeights(route['route']), target),
  }));
  const nothing = http.length + tls.length + tcp.length === 0;
  return {
    ...without(body, 'exportTo'),
    hosts: atLeast(hosts, 'reviews'),
    http: nothing ? [{ route: [target] }] : http,
    ...(tls.length === 0 ? {} : { tls }),
    ...(tcp.length === 0 ? {} : { tcp }),
  };
}

function atLeast(items: readonly unknown[], fallback: unknown): readonly unknown[] {
  return items.length === 0 ? [fallback] : items;
}

function repairWeights(routes: unknown): readonly unknown[] {
  const several = Array.isArray(routes) && routes.length > 1;
  return each(routes, (route, index) =>
    several && index === 0 && (route['weight'] ?? 0) === 0 ? { ...route, weight: 1 } : route,
  );
}

const conflicts: Readonly<Record<string, readonly string[]>> = {
  redirect: ['rewrite', 'fault'],
  directResponse: ['rewrite', 'fault'],
};

function repairHttpRoute(route: Body, seed: number): Body {
  const action =
    ['route', 'route', 'route', 'redirect', 'directResponse', 'delegate'][seed % 6] ?? '';
  const actions = ['route', 'redirect', 'directResponse', 'delegate'];
  const others = actions.filter((name) => name !== action);
  const kept = change(without(route, ...others, ...(conflicts[action] ?? []), 'mirror_percent'), {
    match: (matches) => each(matches, (match) => dropEmptyPrefix(match)),
    redirect: (redirect) => repairRedirect(redirect, seed),
    directResponse: (response: Body) =>
      change(response, { body: (body: Body) => keepOne(body, ['string', 'bytes'], seed) }),
    rewrite: (rewrite: Body) => repairRewrite(rewrite, seed),
    fault: (fault: Body) => repairFault(fault, seed),
    retries: (retries: Body) => ({ ...retries, attempts: retries['attempts'] ?? 2 }),
    route: (routes) => repairWeights(routes),
    corsPolicy: (cors: Body) => ({
      ...cors,
      allowOrigins: each(cors['allowOrigins'], dropEmptyPrefix).filter(
        (origin) => Object.keys(origin as Body).length > 0,
      ),
    }),
  });
  const single = keepOne(kept, ['mirror', 'mirrors'], seed);
  return { ...single, [action]: single[action] ?? fallbacks[action] };
}

const fallbacks: Readonly<Record<string, unknown>> = {
  route: [target],
  redirect: { uri: '/' },
  directResponse: { status: 404 },
  delegate: { name: 'a' },
};

function dropEmptyPrefix(value: Body): unknown {
  const { prefix } = value;
  const fields = Object.entries(prefix === '' ? without(value, 'prefix') : value);
  return Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      typeof field === 'object' && field !== null && !Array.isArray(field)
        ? dropEmptyPrefix(field as Body)
        : field,
    ]),
  );
}

function repairRedirect(redirect: Body, seed: number): Body {
  const single = keepOne(
    keepOne(redirect, ['port', 'derivePort'], seed),
    ['uri', 'prefixRewrite'],
    seed,
  );
  return Object.keys(single).length === 0 ? { uri: '/' } : single;
}

function repairRewrite(rewrite: Body, seed: number): Body {
  const single = keepOne(rewrite, ['uri', 'uriRegexRewrite'], seed);
  const regex = single['uriRegexRewrite'] as Body | undefined;
  if (single['uri'] === '' || single['authority'] === '') return { uri: '/' };
  if (regex !== undefined) {
    return { ...single, uriRegexRewrite: { match: '^/(.*)$', rewrite: '/\\1', ...regex } };
  }
  return Object.keys(single).length === 0 ? { uri: '/' } : single;
}

function repairFault(fault: Body, seed: number): Body {
  const repaired = change(fault, {
    delay: (delay: Body) => without(delay, 'exponentialDelay'),
    abort: (abort: Body) =>
      keepOne(without(abort, 'http2Error'), ['httpStatus', 'grpcStatus'], seed),
  });
  return Object.keys(repaired).length === 0 ? { delay: { fixedDelay: '1s' } } : repaired;
}

function repairDestinationRule(body: Body, seed: number): Body {
  const policy = (value: Body): Body => repairPolicy(value, seed);
  const subsets = each(body['subsets'], (subset) => change(subset, { trafficPolicy: policy }));
  const names = (subsets as Body[]).map(({ name }) => name);
  return {
    ...change(without(body, 'exportTo', 'workloadSelector'), { trafficPolicy: policy }),
    subsets: subsets.filter((_, index) => names.indexOf(names[index]) === index),
  };
}

function repairPolicy(policy: Body, seed: number): Body {
  const repaired = change(keepOne(policy, ['tunnel', 'proxyProtocol'], seed), {
    ...sharedRepairs(seed),
    portLevelSettings: (settings) => repairPorts(settings, seed),
  });
  return Object.keys(repaired).length === 0 ? { loadBalancer: { simple: 'RANDOM' } } : repaired;
}

function repairPorts(settings: unknown, seed: number): unknown {
  const seen = new Set<unknown>();
  return each(settings, (setting) => ({
    port: { number: 9080 },
    loadBalancer: { simple: 'ROUND_ROBIN' },
    ...change(setting, sharedRepairs(seed)),
  })).filter((setting) => {
    const { number } = (setting as { readonly port: Body }).port;
    const isNew = number !== undefined && !seen.has(number);
    seen.add(number);
    return isNew;
  });
}

function sharedRepairs(seed: number): Readonly<Record<string, (value: never) => unknown>> {
  return {
    loadBalancer: (balancer: Body) =>
      change(keepOne(without(balancer, 'localityLbSetting'), balancers, seed), {
        zoneAwareLbSetting: (setting: Body) => without(setting, 'failover', 'failoverPriority'),
        consistentHash: (hash: Body) => repairHash(hash, seed),
        warmup: (warmup: Body) => ({ duration: '10s', ...warmup, aggression: 1.5 }),
      }),
    outlierDetection: (outlier: Body) => ({
      ...outlier,
      ...('consecutiveLocalOriginFailures' in outlier
        ? { splitExternalLocalOriginErrors: true }
        : {}),
    }),
    connectionPool: (pool: Body) =>
      Object.keys(pool).length === 0
        ? { tcp: {} }
        : change(pool, {
            http: (http: Body) => change(without(http, 'useClientProtocol'), { http2KeepAlive }),
          }),
    tls: () => ({ mode: 'DISABLE' }),
  };
}

const balancers = ['simple', 'consistentHash', 'backendUtilization'];

function http2KeepAlive(given: Body): Body {
  return { interval: '1s', timeout: '1s', ...given };
}

function repairHash(hash: Body, seed: number): Body {
  const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'];
  const algorithms = ['ringHash', 'maglev', 'minimumRingSize'];
  const single = change(keepOne(keepOne(hash, keys, seed), algorithms, seed), {
    maglev: (maglev: Body) => ({ tableSize: 65_537, ...maglev }),
    httpCookie: (cookie: Body) => without(cookie, 'attributes'),
  });
  return keys.some((name) => single[name] !== undefined)
    ? single
    : { ...single, useSourceIp: true };
}

function repairServiceEntry(body: Body, seed: number): Body {
  const numbers = new Set<unknown>();
  const names = new Set<unknown>();
  const ports = each(body['ports'], (port) => port).filter((port) => {
    const { name, number } = port as Body;
    const isNew = !numbers.has(number) && !names.has(name);
    numbers.add(number);
    names.add(name);
    return isNew;
  });
  const resolution = [
    'STATIC',
    'STATIC',
    'STATIC',
    'DNS',
    'DNS_ROUND_ROBIN',
    'NONE',
    'DYNAMIC_DNS',
  ][seed % 7];
  if (resolution === 'DYNAMIC_DNS') return repairDynamic(body, ports as readonly Body[]);
  const takesSockets = resolution === 'STATIC' && ports.length === 1;
  const endpoints = each(body['endpoints'], (endpoint) =>
    repairEndpoint(takesSockets ? endpoint : withoutSocket(endpoint), names, resolution),
  );
  const all = unique(body['hosts']).filter((host) => seed % 3 > 0 || host !== '*');
  const hosts =
    resolution?.startsWith('DNS') === true && endpoints.length === 0
      ? all.filter((host) => !String(host).startsWith('*'))
      : all;
  return {
    ...without(body, 'exportTo', 'workloadSelector', 'endpoints'),
    hosts: atLeast(
      resolution === 'NONE' || (ports as Body[]).every(carriesHost) ? hosts : hosts.slice(0, 1),
      'ext.example.com',
    ),
    ...(body['addresses'] === undefined
      ? {}
      : { addresses: repairAddresses(body['addresses'], resolution) }),
    ports: atLeast(ports, { number: 9080, name: 'http', protocol: 'HTTP' }),
    resolution,
    ...(resolution === 'NONE' || endpoints.length === 0
      ? {}
      : { endpoints: resolution === 'DNS_ROUND_ROBIN' ? endpoints.slice(0, 1) : endpoints }),
  };
}

/** Every name below a wildcard, for calls that carry it. */
function repairDynamic(body: Body, ports: readonly Body[]): Body {
  const hosts = unique(body['hosts']).filter((host) => /^\*./.test(String(host)));
  return {
    ...without(body, 'exportTo', 'workloadSelector', 'endpoints', 'addresses'),
    hosts: atLeast(hosts, '*.example.com'),
    ports: ports.map((port) => ({ ...port, protocol: 'HTTP' })),
    resolution: 'DYNAMIC_DNS',
  };
}

function withoutSocket(endpoint: Body): Body {
  return String(endpoint['address']).startsWith('unix:')
    ? { ...endpoint, address: '10.2.0.4' }
    : endpoint;
}

/** Several hosts on one port need a protocol that tells them apart. */
function carriesHost({ protocol = '' }: Body): boolean {
  return /^(HTTP|GRPC|TLS)/i.test(String(protocol));
}

function repairAddresses(addresses: unknown, resolution: string | undefined): readonly unknown[] {
  const isDns = resolution?.includes('DNS') === true;
  return unique(addresses).filter((address) => !isDns || !String(address).includes('/'));
}

function repairEndpoint(
  endpoint: Body,
  ports: ReadonlySet<unknown>,
  resolution: string | undefined,
): Body {
  const { address = '10.2.0.1' } = endpoint;
  const isName = /[a-z]\./i.test(String(address)) && !String(address).startsWith('unix:');
  const isSocket = String(address).startsWith('unix:');
  const known = Object.entries((endpoint['ports'] ?? {}) as Body).filter(([name]) =>
    ports.has(name),
  );
  return {
    ...without(endpoint, 'ports'),
    address: isName && resolution === 'STATIC' ? '10.2.0.3' : address,
    ...(known.length === 0 || isSocket ? {} : { ports: Object.fromEntries(known) }),
  };
}
