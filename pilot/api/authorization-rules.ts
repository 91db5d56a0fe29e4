import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationSource,
} from './authorization-policy-schema.ts';
import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required } from './field-error.ts';
import {
  checkAccounts,
  checkAddresses,
  checkNotEmpty,
  checkPaths,
  checkPortTexts,
  checkTrustDomains,
} from './authorization-values.ts';

/** Rules for the parts of an AuthorizationPolicy (istio/istio pkg/config/validation). */

export function* checkSource(
  path: string,
  source: AuthorizationSource | undefined,
): Iterable<FieldError> {
  if (source === undefined || Object.values(source).every((values) => values.length === 0)) {
    yield required(path, 'write at least one field');
    return;
  }
  yield* checkAccountsAlone(path, source);
  for (const [name, values] of Object.entries(source)) {
    const place = `${path}.${name}`;
    if (/ipBlocks$/i.test(name)) yield* checkAddresses(place, values);
    else if (/serviceAccounts$/i.test(name)) yield* checkAccounts(place, values);
    else if (/trustDomains$/i.test(name)) yield* checkTrustDomains(place, values);
    else yield* checkNotEmpty(place, values);
  }
}

const replaced = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const;

/** A service account says the namespace and the identity already. */
function* checkAccountsAlone(path: string, source: AuthorizationSource): Iterable<FieldError> {
  if (source.serviceAccounts === undefined && source.notServiceAccounts === undefined) return;
  for (const name of replaced) {
    if (source[name] !== undefined) {
      yield forbidden(`${path}.${name}`, 'serviceAccounts say it already; use one of the two');
    }
  }
}

export function* checkOperation(
  path: string,
  operation: AuthorizationOperation | undefined,
): Iterable<FieldError> {
  if (operation === undefined || Object.values(operation).every((values) => values.length === 0)) {
    yield required(path, 'write at least one field');
    return;
  }
  for (const [name, values] of Object.entries(operation)) {
    const place = `${path}.${name}`;
    if (/ports$/i.test(name)) yield* checkPortTexts(place, values);
    else yield* checkNotEmpty(place, values);
    if (/paths$/i.test(name)) yield* checkPaths(place, values);
  }
}

export function* checkCondition(
  path: string,
  { key, values = [], notValues = [] }: AuthorizationCondition,
): Iterable<FieldError> {
  if (key === '') {
    yield required(`${path}.key`, 'write an attribute, such as request.headers[version]');
    return;
  }
  if (values.length === 0 && notValues.length === 0) {
    yield required(`${path}.values`, 'write values, notValues or both');
  }
  const check = attributes.find(({ matches }) => matches.test(key))?.check;
  if (check === undefined) {
    yield invalid(`${path}.key`, key, `must be one of ${attributeNames.join(', ')}`);
    return;
  }
  yield* check(`${path}.values`, values);
  yield* check(`${path}.notValues`, notValues);
}

interface Attribute {
  readonly matches: RegExp;
  readonly check: (path: string, values: readonly string[]) => Iterable<FieldError>;
}

/** The attributes of Istio (istio/istio pkg/config/security) and what their values are. */
const attributes: readonly Attribute[] = [
  { matches: /^(?:source|remote|destination)\.ip$/, check: checkAddresses },
  { matches: /^destination\.port$/, check: checkPortTexts },
  { matches: /^source\.serviceAccount$/, check: checkAccounts },
  { matches: /^source\.trustDomain$/, check: checkTrustDomains },
  { matches: /^(?:source\.(?:namespace|principal)|connection\.sni)$/, check: checkNotEmpty },
  { matches: /^request\.auth\.(?:principal|audiences|presenter)$/, check: checkNotEmpty },
  {
    matches:
      /^(?:request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.[^[]*)\[.+\]$/,
    check: checkNotEmpty,
  },
];

const attributeNames = [
  'request.headers[NAME]',
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.serviceAccount',
  'source.principal',
  'source.trustDomain',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'request.auth.claims[NAME]',
  'destination.ip',
  'destination.port',
  'connection.sni',
];
