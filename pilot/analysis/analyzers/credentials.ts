import type { Secret } from '../../api/resource.ts';
import type { TrafficPolicy } from '../../api/traffic-policy.ts';
import { type Finding, advise, defineAnalyzer } from '../analyzer.ts';
import type { Facts } from '../facts.ts';

/** Secrets with certificates that Gateways and DestinationRules name. */
export const credentials = defineAnalyzer({
  name: 'gateway.credentials',
  description: 'Checks the Secrets that credentialName names',
  codes: ['CM0105', 'CM0106'],
  kinds: ['Gateway', 'DestinationRule'],
  analyze: function* (resource, facts) {
    const uses =
      resource.kind === 'Gateway' ? usesOfGateway(resource.spec) : usesOfRule(resource.spec);
    for (const use of uses) yield* checkSecret(use, resource.key.namespace, facts);
  },
});

interface Use {
  readonly path: string;
  readonly name: string;
  /** What the Secret is for. */
  readonly needs: 'key pair' | 'authorities';
}

interface TlsAtGateway {
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  readonly caCertCredentialName?: string;
}

function usesOfGateway(spec: {
  readonly servers?: readonly { readonly tls?: TlsAtGateway }[];
}): readonly Use[] {
  return (spec.servers ?? []).flatMap(({ tls = {} }, index) => {
    const path = `spec.servers[${index}].tls`;
    const one = use(`${path}.credentialName`, tls.credentialName, 'key pair');
    const several = (tls.credentialNames ?? []).flatMap((name, at) =>
      use(`${path}.credentialNames[${at}]`, name, 'key pair'),
    );
    const authorities = use(
      `${path}.caCertCredentialName`,
      tls.caCertCredentialName,
      'authorities',
    );
    return [...one, ...several, ...authorities];
  });
}

function usesOfRule(spec: {
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly { readonly trafficPolicy?: TrafficPolicy }[];
}): readonly Use[] {
  return [
    ...usesOfPolicy('spec.trafficPolicy', spec.trafficPolicy),
    ...(spec.subsets ?? []).flatMap(({ trafficPolicy }, index) =>
      usesOfPolicy(`spec.subsets[${index}].trafficPolicy`, trafficPolicy),
    ),
  ];
}

function usesOfPolicy(path: string, policy: TrafficPolicy | undefined): readonly Use[] {
  const whole = { place: path, tls: policy?.tls };
  const ports = (policy?.portLevelSettings ?? []).map(({ tls }, index) => ({
    place: `${path}.portLevelSettings[${index}]`,
    tls,
  }));
  return [whole, ...ports].flatMap(({ place, tls }) => {
    // With mode SIMPLE nobody shows a certificate: the Secret has the authorities.
    const needs = tls?.mode === 'MUTUAL' ? 'key pair' : 'authorities';
    return use(`${place}.tls.credentialName`, tls?.credentialName, needs);
  });
}

/** Names with a scheme are not those of Secrets. */
function use(path: string, name: string | undefined, needs: Use['needs']): readonly Use[] {
  return name === undefined || name === '' || name.includes('://') ? [] : [{ path, name, needs }];
}

function* checkSecret(
  { path, name, needs }: Use,
  namespace: string,
  facts: Facts,
): Iterable<Finding> {
  const secret = facts.find('Secret', namespace, name);
  if (secret !== undefined) {
    yield* checkData(path, secret, needs);
  } else if (needs === 'key pair' || facts.find('ConfigMap', namespace, name) === undefined) {
    const names = facts.all('Secret', namespace).map(({ key }) => key.name);
    const otherwise = `Create it with kubectl create secret tls ${name} -n ${namespace}`;
    const message = `there is no Secret "${name}" in namespace ${namespace}. ${advise(name, names, otherwise)}`;
    yield { code: 'CM0105', path, message };
  }
}

/** The names of values that Istio takes: those of kubernetes.io/tls, or its own older ones. */
const wanted = {
  'key pair': [
    ['tls.crt', 'tls.key'],
    ['cert', 'key'],
  ],
  authorities: [['ca.crt'], ['cacert']],
} as const;

function* checkData(path: string, { key, spec }: Secret, needs: Use['needs']): Iterable<Finding> {
  const has = (name: string): boolean => (spec.data?.[name] ?? '') !== '';
  if (wanted[needs].some((names) => names.every(has))) return;
  const lacking = wanted[needs][0].filter((name) => !has(name)).join(' and ');
  const message = `Secret "${key.name}" has no ${lacking}. Create it again with ${needs === 'key pair' ? 'kubectl create secret tls' : 'ca.crt'}`;
  yield { code: 'CM0106', path, message };
}
