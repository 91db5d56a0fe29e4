import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';

/** `VirtualService reviews`, with namespace, and with `http[0]`, `http[0].match[1]` or `tcp[0]` behind it. */
const pattern =
  /^VirtualService (?:(?<namespace>[\w.-]+)\/)?(?<name>[\w.-]+)(?: (?:spec\.)?(?<path>(?:http|tcp)\[\d+\](?:\.match\[\d+\])?))?$/;

type Decision = Pick<AccessLogEntry, 'rule' | 'rulePath' | 'routeName'>;

/** Whether it is the rule that `route` names that decided: by its place, or by the name of its route. */
export function isRoute(route: string, log: Decision): boolean {
  const groups = pattern.exec(route)?.groups;
  if (groups === undefined) return isRouteName(route, log);
  const { namespace, name, path } = groups;
  const [, ownNamespace, ownName] = /^VirtualService (.*)\/(.*)$/.exec(log.rule ?? '') ?? [];
  const isNamed = ownName === name && (namespace === undefined || namespace === ownNamespace);
  return isNamed && isBelow(log.rulePath ?? '', path);
}

function isRouteName(route: string, { rule, routeName }: Decision): boolean {
  // A byte stream has no route, but a rule may have decided.
  if (routeName === undefined) return route === 'default' && rule === undefined;
  // A match that has a name too is called ROUTE.MATCH.
  return routeName === route || routeName.startsWith(`${route}.`);
}

/** Whether a route was made by a part of its rule: http[0].match[1] is a part of http[0]. */
function isBelow(own: string, path: string | undefined): boolean {
  return path === undefined || own === `spec.${path}` || own.startsWith(`spec.${path}.`);
}
