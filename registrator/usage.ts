/** The flags of the registrator, and the text that explains them. */
import type { FlagKind } from './flags.ts';

/** Every flag: gliderlabs/registrator's, and ours. */
export const flags: Readonly<Record<string, FlagKind>> = {
  adopt: 'boolean',
  'adopt-hosts': 'text',
  cleanup: 'boolean',
  'cleanup-after': 'text',
  'cleanup-cron': 'text',
  deregister: 'text',
  'dry-run': 'boolean',
  explicit: 'boolean',
  'infer-protocol': 'boolean',
  internal: 'boolean',
  ip: 'text',
  json: 'boolean',
  listen: 'text',
  network: 'text',
  resync: 'integer',
  'resync-cron': 'text',
  'retry-attempts': 'integer',
  'retry-interval': 'integer',
  tags: 'text',
  ttl: 'integer',
  'ttl-refresh': 'integer',
  useIpFromLabel: 'text',
  version: 'boolean',
};

/** What `-help` prints. */
export const usage = `Usage: cmesh registrator [flags] <consul-uri>
       cmesh registrator plan [flags] [consul-uri]
       cmesh registrator explain [flags] CONTAINER [consul-uri]

plan shows what the registrator with these flags would write, and writes nothing; explain says why a
container (name, id or Compose service) is registered as it is, or not at all.

  -adopt                take over what gliderlabs/registrator left on this Consul agent: services without an
                        owner whose ids are those of our containers; -dry-run shows which
  -adopt-hosts LIST     with -adopt: more host names that the old registrator has run under, which its ids
                        begin with (default: the host name of this Docker Engine)
  -cleanup              with -adopt: remove what the old registrator left of containers that are gone.
                        Our own leftovers are always removed
  -cleanup-cron EXPR    at these times, remove from this Consul agent what registrators left that are gone;
                        needs the right to write keys below composemesh/registrators/
  -cleanup-after TIME   how long one is not heard of until it counts as gone (default 1h); only one that
                        was started with -cleanup-cron can be gone
  -deregister WHEN      always | on-success: containers that failed stay, as critical (default always)
  -dry-run              show what would be written, and end; the same as plan
  -explicit             register only what has a SERVICE_NAME
  -infer-protocol       a port without SERVICE_PROTOCOL and SERVICE_PORT_NAME has the protocol that is usual
                        for its number: 80, 8080, 9080 http; 443, 8443 tls; 50051 grpc; 6379 redis;
                        3306 mysql; 27017 mongo (default: the proxies look at the bytes)
  -internal             register the container's address and port, not the host's
  -ip ADDRESS           address of published ports
  -json                 with plan, explain and -dry-run: JSON
  -listen HOST:PORT     answer /metrics (Prometheus), /healthz and /readyz here; ":PORT" is all of IPv4
  -network NAME         register only containers on this network, with -internal by their address in it;
                        several registrators can share a Docker Engine, each with its network
  -resync SECONDS       read all containers again so often (default 0: only when events were missed)
  -resync-cron EXPR     the same at the times of a cron expression, such as "*/5 * * * *" or, in a time zone,
                        "TZ=Europe/Berlin 0 3 * * *"
  -retry-attempts N     tries again when Consul does not answer at start; -1 for ever (default 0)
  -retry-interval MS    between these (default 2000)
  -tags LIST            tags for every service, comma separated
  -ttl, -ttl-refresh    accepted: Consul needs neither
  -useIpFromLabel LABEL register the address that the container's label has
  -version              print the version

<consul-uri> is consul://HOST:PORT, consul-tls://HOST:PORT or consul-unix://PATH; "consul:" means
CONSUL_HTTP_ADDR, else 127.0.0.1:8500.
Environment: DOCKER_HOST (default unix:///tmp/docker.sock), DOCKER_TLS_VERIFY, DOCKER_CERT_PATH;
CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_AUTH, CONSUL_HTTP_SSL,
CONSUL_HTTP_SSL_VERIFY, CONSUL_CACERT, CONSUL_CAPATH, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY,
CONSUL_TLS_SERVER_NAME, CONSUL_NAMESPACE, CONSUL_PARTITION.
`;
