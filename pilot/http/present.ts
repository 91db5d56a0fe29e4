import type { ConfigObject } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import { type Target, inVersion, withGivenLabels } from './object-request.ts';

/** The stored object as a client is shown it: under the version it asks for, with the status of the moment. */
export function present(
  { analysis }: Pick<HttpServerDeps, 'analysis'>,
  object: ConfigObject,
  target: Target,
): ConfigObject {
  const { definition } = target;
  const served = analysis?.serve(object) ?? object;
  if (definition.show === undefined) return inVersion(served, target);
  const metadata = withGivenLabels(served.metadata, definition);
  return inVersion(definition.show({ ...served, metadata }), target);
}
