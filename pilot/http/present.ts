import type { ConfigObject } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import { type Target, inVersion } from './object-request.ts';

/** The stored object as a client is shown it: under the version it asks for, with the status of the moment. */
export function present(
  { analysis }: Pick<HttpServerDeps, 'analysis'>,
  object: ConfigObject,
  target: Target,
): ConfigObject {
  return inVersion(analysis?.serve(object) ?? object, target);
}
