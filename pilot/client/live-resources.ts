import { OperationError } from '../../kit/errors.ts';
import { decodeObject } from '../api/decode.ts';
import type { ConfigResource } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import type { Connection } from './connection.ts';
import { listObjects } from './list-objects.ts';
import { discoverKinds } from './served-kinds.ts';

/** The services of pilot's registries. Throws what a connection throws, and OperationError `E_PILOT_STRANGE`. */
export async function readServices(pilot: Connection): Promise<readonly RegisteredService[]> {
  const { status, body } = await pilot.ask({ path: '/debug/catalog' });
  if (status === 200 && Array.isArray(body)) return body as readonly RegisteredService[];
  const text = `${pilot.address.url}/debug/catalog answers ${status}: is that a pilot of this version?`;
  throw new OperationError('E_PILOT_STRANGE', text);
}

/** All that is stored in the mesh and that this client can read. Throws what a connection throws. */
export async function readResources(pilot: Connection): Promise<readonly ConfigResource[]> {
  const kinds = await discoverKinds(pilot);
  const lists = await Promise.all(
    kinds
      .filter(({ verbs, isNamespaced }) => verbs.includes('list') && isNamespaced)
      .map((kind) => listObjects(pilot, { kind })),
  );
  return lists
    .flatMap(({ items }) => items)
    .flatMap((item) => {
      const decoded = decodeObject(item, 'Ignore');
      return decoded.ok ? [decoded.resource] : [];
    });
}
