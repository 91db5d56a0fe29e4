import { OperationError } from '../../kit/errors.ts';
import { findKind, splitApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';

/** What happened to an object. */
export type Outcome = 'created' | 'configured' | 'unchanged' | 'deleted' | 'not found';

/** The part of pilot's configuration API that writes objects. */
export interface ApiClient {
  /** Makes the object what the server has. Throws OperationError. */
  readonly apply: (object: ConfigObject) => Promise<Outcome>;
  /** Throws OperationError. */
  readonly delete: (object: ConfigObject) => Promise<Outcome>;
}

/**
 * A client of the API at `server`, such as http://localhost:8080. Its operations throw OperationError
 * `E_API_UNREACHABLE`, or `E_API_REFUSED` with what the server says.
 */
export function createApiClient(server: string): ApiClient {
  const send = async (method: string, path: string, body?: object): Promise<Reply> => {
    const response = await call(new URL(path, server), method, body);
    const value = (await response.json()) as ConfigObject & { readonly message?: string };
    if (response.ok || response.status === 404) return { status: response.status, value };
    const message = value.message ?? `the server answers ${response.status}`;
    throw new OperationError('E_API_REFUSED', message);
  };
  return {
    apply: async (object) => {
      const { folder, path } = pathsOf(object);
      const stored = await send('GET', path);
      if (stored.status === 404) {
        await send('POST', folder, object);
        return 'created';
      }
      const written = await send('PUT', path, over(stored.value, object));
      return versionOf(written.value) === versionOf(stored.value) ? 'unchanged' : 'configured';
    },
    delete: async (object) => {
      const { status } = await send('DELETE', pathsOf(object).path);
      return status === 404 ? 'not found' : 'deleted';
    },
  };
}

interface Reply {
  readonly status: number;
  readonly value: ConfigObject;
}

async function call(url: URL, method: string, body: object | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (cause) {
    const text = `nothing answers at ${url.origin}; start a mesh (npm start, docker compose up) or name its API with --server`;
    throw new OperationError('E_API_UNREACHABLE', text, { cause });
  }
}

function pathsOf({ apiVersion, kind, metadata }: ConfigObject): {
  readonly folder: string;
  readonly path: string;
} {
  const { group, version } = splitApiVersion(apiVersion);
  const plural = findKind(apiVersion, kind)?.plural ?? kind.toLowerCase();
  const folder = `/apis/${group}/${version}/namespaces/${encodeURIComponent(metadata.namespace)}/${plural}`;
  return { folder, path: `${folder}/${encodeURIComponent(metadata.name)}` };
}

/** What the object says, with the annotations that others have put on it, such as kubectl. */
function over(stored: ConfigObject, object: ConfigObject): ConfigObject {
  const annotations = { ...stored.metadata.annotations, ...object.metadata.annotations };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

function versionOf({ metadata }: ConfigObject): string | undefined {
  return metadata.resourceVersion;
}
