/**
 * What gliderlabs/registrator left on the agent, by the marks it has: nobody's owner mark, and an id of its
 * form (bridge.go, serviceIDPattern). Pure.
 */
import type { ForeignService } from '../contract/registration.ts';
import type { DesiredState } from './desired.ts';

export interface AdoptionOptions {
  /** Host parts of the old ids: the host names that the old registrator has run under. */
  readonly hosts: readonly string[];
  /** `-cleanup`: what it left of containers that are gone is removed. */
  readonly cleanup: boolean;
}

const oldId = /^(.+?):([a-zA-Z0-9][a-zA-Z0-9_.-]+):(\d+(?::udp)?)$/;

/**
 * The services that are taken over: those whose ids we want ourselves, and those that are an instance of ours
 * under the old registrator's host name. With `cleanup` also those whose containers do not run; nothing is
 * concluded while a container could not be read.
 */
export function selectAdopted(
  desired: DesiredState,
  foreign: readonly ForeignService[],
  { hosts, cleanup }: AdoptionOptions,
): readonly ForeignService[] {
  const wanted = new Set(desired.records.map(({ id }) => id));
  const instances = new Set(desired.records.map(({ id }) => withoutHost(id)));
  const isGone = (container: string): boolean =>
    cleanup && desired.unknown.size === 0 && !desired.running.has(container);
  return foreign.filter(({ id, owner }) => {
    if (owner !== undefined) return false;
    if (wanted.has(id)) return true;
    const [, host = '', container = ''] = oldId.exec(id) ?? [];
    return hosts.includes(host) && (instances.has(withoutHost(id)) || isGone(container));
  });
}

/** `<container>:<port>[:udp]` of an id of the usual form, else the id itself. */
function withoutHost(id: string): string {
  const [, , container, port] = oldId.exec(id) ?? [];
  return container === undefined || port === undefined ? id : `${container}:${port}`;
}
