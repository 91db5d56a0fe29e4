import type { AccessLogEntry } from '../sidecar/contract/access-log.ts';

/** `VirtualService reviews`, with namespace, and with `http[0]`, `http[0].match[1]` or `tcp[0]` behind it. */
const pattern =
  /^VirtualService (?:(?<namespace>[\w.-]+)\/)?(?<name>[\w.-]+)(?: (?:spec\.)?(?<path>(?:http|tcp)\[\d+\](?:\.match\[\d+\])?))?$/;

/** Whether it is the rule that `route` names that decided: by its place, or by the name of its route. */
export function isRoute(
  route: string,
  log: Pick<AccessLogEntry, 'rule' | 'rulePath' | 'routeName'>,
): boolean {
  const groups = pattern.exec(route)?.groups;
  if (groups === undefined) {
    // A byte stream has no route, but a rule may have decided.
    if (route === 'default' && log.routeName === undefined) return log.rule === undefined;
    // A match that has a name too is called ROUTE.MATCH.
    return log.routeName === route || log.routeName?.startsWith(`${route}.`) === true;
  }
  const { namespace, name, path } = groups;
  const [, ownNamespace, ownName] = /^VirtualService (.*)\/(.*)$/.exec(log.rule ?? '') ?? [];
  const isNamed = ownName === name && (namespace === undefined || namespace === ownNamespace);
  return isNamed && isBelow(log.rulePath ?? '', path);
}

/** Whether a route was made by a part of its rule: http[0].match[1] is a part of http[0]. */
function isBelow(own: string, path: string | undefined): boolean {
  return path === undefined || own === `spec.${path}` || own.startsWith(`spec.${path}.`);
}
