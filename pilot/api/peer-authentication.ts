import type { FieldError } from './field-error.ts';
import { invalid, required } from './field-error.ts';
import { checkSelector } from './field-rules.ts';
import { ageColumn, defineKind, istioSecurity } from './kind.ts';
import type { PeerAuthenticationSpec } from './peer-authentication-schema.ts';
import { peerAuthenticationSchema } from './peer-authentication-schema.ts';

export const peerAuthentication = defineKind({
  ...istioSecurity,
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  singular: 'peerauthentication',
  shortNames: ['pa'],
  description: 'What TLS the callers of workloads must use.',
  columns: [
    {
      name: 'Mode',
      type: 'string',
      description: 'What TLS callers must use.',
      path: 'spec.mtls.mode',
    },
    ageColumn,
  ],
  schema: peerAuthenticationSchema,
  validate: checkPeerAuthentication,
});

function* checkPeerAuthentication(spec: PeerAuthenticationSpec): Iterable<FieldError> {
  const { selector, portLevelMtls } = spec;
  if (selector !== undefined) {
    yield* checkSelector('spec.selector.matchLabels', selector.matchLabels);
  }
  if (portLevelMtls === undefined) return;
  if (Object.keys(selector?.matchLabels ?? {}).length === 0) {
    yield required('spec.selector.matchLabels', 'portLevelMtls is for selected workloads only');
  }
  for (const port of Object.keys(portLevelMtls)) {
    if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535) {
      yield invalid('spec.portLevelMtls', port, 'must be a port number between 1 and 65535');
    }
  }
}
