import type { Listener } from '../ir/listener.ts';
import { ingressListenerName, ingressRoutes } from '../ir/names.ts';
import type { RouteTable } from '../ir/route.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import type { IngressPort } from '../../sidecar/contract/node.ts';
import type { Destinations } from './destinations.ts';
import type { MeshOptions } from './options.ts';
import { boundHttpListener } from './bound-listener.ts';
import { findRule, httpRules, servesHttp, translateService } from './routes.ts';

/** Where callers from outside the mesh come in: one listener for each port. */
export function translateIngressListeners(view: View, options: MeshOptions): readonly Listener[] {
  return (view.ingress ?? []).map(({ bind, port }) => {
    const name = ingressListenerName(port);
    const handler = { statPrefix: name, routes: ingressRoutes(port) };
    return boundHttpListener({ name, address: bind, port, exclusive: true }, handler, options);
  });
}

/** Whatever Host they name, callers get the routes that the service has for callers in the mesh. */
export function translateIngressRoutes(
  mesh: Mesh,
  view: View,
  destinations: Destinations,
): readonly RouteTable[] {
  const rules = httpRules(mesh);
  const translate = ({ port, host, servicePort }: IngressPort): RouteTable => {
    const service = mesh.services.get(host);
    const known = service !== undefined && servesHttp(service, servicePort);
    const rule = findRule(rules, host);
    const inputs = { domains: ['*'], rule, port: servicePort, view, destinations };
    return {
      name: ingressRoutes(port),
      repeatsSafe: true,
      virtualHosts: known ? [translateService({ ...inputs, service })] : [],
    };
  };
  return (view.ingress ?? []).map(translate);
}
