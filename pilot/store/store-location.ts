/** Where a store is, as it is written: `memory`, `dir:PATH`, `consul://HOST:PORT/PREFIX`. */
export type StoreLocation =
  | { readonly kind: 'memory' }
  | { readonly kind: 'dir'; readonly path: string }
  | {
      readonly kind: 'consul';
      /** Such as http://127.0.0.1:8500. */
      readonly address: string;
      /** Keys are below it. */
      readonly prefix: string;
      readonly datacenter?: string;
      readonly token?: string;
    };

/** What may be written, for messages. */
export const storeForms = '"memory", dir:PATH or consul://HOST:PORT/PREFIX';

const defaultPrefix = 'composemesh/config';

/**
 * Reads the text of a flag. `consul-tls://` is Consul's HTTPS API, as in registrator's address; `?dc=NAME` names a
 * datacenter. `token` is the ACL token for Consul. Undefined for what is no place of a store.
 */
export function parseStoreLocation(text: string, token?: string): StoreLocation | undefined {
  if (text === 'memory') return { kind: 'memory' };
  const path = /^dir:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'dir', path };
  return parseConsul(text, token);
}

const consulForm =
  /^consul(?<tls>-tls)?:\/\/(?<host>[^/?#\s@]+)(?:\/(?<prefix>[^?#\s]*))?(?:\?dc=(?<dc>[\w.-]+))?$/;

function parseConsul(text: string, token: string | undefined): StoreLocation | undefined {
  const parts = consulForm.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const address = addressOf(parts['host'] ?? '', parts['tls'] !== undefined);
  if (!URL.canParse(address)) return undefined;
  const prefix = (parts['prefix'] ?? '').replace(/^\/+|\/+$/g, '');
  const datacenter = parts['dc'];
  return {
    kind: 'consul',
    address,
    prefix: prefix === '' ? defaultPrefix : prefix,
    ...(datacenter === undefined ? {} : { datacenter }),
    ...(token === undefined || token === '' ? {} : { token }),
  };
}

/** With Consul's usual port. */
function addressOf(host: string, isTls: boolean): string {
  const [scheme, port] = isTls ? ['https', 8501] : ['http', 8500];
  return `${scheme}://${/:\d+$/.test(host) ? host : `${host}:${port}`}`;
}

/** As it would be written, without the token. */
export function formatStoreLocation(location: StoreLocation): string {
  switch (location.kind) {
    case 'memory':
      return 'memory';
    case 'dir':
      return `dir:${location.path}`;
    case 'consul': {
      const scheme = location.address.startsWith('https:') ? 'consul-tls' : 'consul';
      const dc = location.datacenter === undefined ? '' : `?dc=${location.datacenter}`;
      return `${scheme}://${new URL(location.address).host}/${location.prefix}${dc}`;
    }
  }
}
