import type { Analyzer } from './analyzer.ts';
import { authorization } from './analyzers/authorization.ts';
import { credentials } from './analyzers/credentials.ts';
import { delegates } from './analyzers/delegates.ts';
import { destinationRules } from './analyzers/destination-rules.ts';
import { envoyFilters } from './analyzers/envoy-filters.ts';
import { gateways } from './analyzers/gateways.ts';
import { clientTls, peerPorts } from './analyzers/mutual-tls.ts';
import { namespaces } from './analyzers/namespaces.ts';
import { routeConditions } from './analyzers/route-conditions.ts';
import { selectors } from './analyzers/selectors.ts';
import { serviceEntries } from './analyzers/service-entries.ts';
import { shadowedRoutes } from './analyzers/shadowed-routes.ts';
import { virtualServiceDestinations } from './analyzers/virtual-service-destinations.ts';
import { virtualServiceGateways } from './analyzers/virtual-service-gateways.ts';
import { virtualServiceHosts } from './analyzers/virtual-service-hosts.ts';
import { workloadOwners } from './analyzers/workload-owners.ts';

/** Every check across resources. A new one is a file of its own and a line here. */
export const analyzers: readonly Analyzer[] = [
  virtualServiceDestinations,
  virtualServiceHosts,
  virtualServiceGateways,
  delegates,
  shadowedRoutes,
  routeConditions,
  destinationRules,
  clientTls,
  gateways,
  credentials,
  serviceEntries,
  selectors,
  workloadOwners,
  namespaces,
  peerPorts,
  authorization,
  envoyFilters,
];
