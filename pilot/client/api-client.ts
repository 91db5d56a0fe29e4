import { OperationError } from '../../kit/errors.ts';
import { findKind, splitApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { type Connection, type Question, messageOf } from './connection.ts';

/** What happened to an object. */
export type Outcome = 'created' | 'configured' | 'unchanged' | 'deleted' | 'not found';

/** The part of pilot's configuration API that writes objects. */
export interface ApiClient {
  /** Makes the object what the server has. Throws OperationError. */
  readonly apply: (object: ConfigObject) => Promise<Outcome>;
  /** Throws OperationError. */
  readonly delete: (object: ConfigObject) => Promise<Outcome>;
}

/** Its operations throw what the connection throws, and OperationError `E_API_REFUSED` with what the server says. */
export function createApiClient(pilot: Connection): ApiClient {
  const send = async (question: Question): Promise<Reply> => {
    const { status, body } = await pilot.ask(question);
    if (status < 400 || status === 404) return { status, value: body as ConfigObject };
    throw new OperationError('E_API_REFUSED', messageOf(body) ?? `the server answers ${status}`);
  };
  return {
    apply: async (object) => {
      const { folder, path } = pathsOf(object);
      const stored = await send({ path });
      if (stored.status === 404) {
        await send({ method: 'POST', path: folder, body: object });
        return 'created';
      }
      const written = await send({
        method: 'PUT',
        path,
        body: over(stored.value, object),
      });
      return versionOf(written.value) === versionOf(stored.value) ? 'unchanged' : 'configured';
    },
    delete: async (object) => {
      const { status } = await send({ method: 'DELETE', path: pathsOf(object).path });
      return status === 404 ? 'not found' : 'deleted';
    },
  };
}

interface Reply {
  readonly status: number;
  readonly value: ConfigObject;
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
