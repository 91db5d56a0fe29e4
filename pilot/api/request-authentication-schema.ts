import { Type } from 'typebox';
import { policyTarget } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { choice, duration, flag, list, message, text, texts } from './schema.ts';

/** The fields of Istio's RequestAuthentication (istio/api security/v1beta1/request_authentication.proto). */

const some = { minLength: 1 };
const url = { minLength: 1, maxLength: 2048 };

const jwtRule = message('Tokens of one issuer.', {
  issuer: text('Who issued the token: its claim iss.', some),
  audiences: texts('Claims aud of which the token must have one.', some),
  jwksUri: text('URL of the keys of the issuer.', url),
  jwks_uri: text('Deprecated: use jwksUri.', url),
  jwks: text('The keys of the issuer: a JSON web key set.'),
  fromHeaders: list(
    'Headers the token is taken from; Authorization with Bearer by default.',
    message(
      'A header.',
      { name: text('Its name.', some), prefix: text('What stands before the token.') },
      ['name'],
    ),
  ),
  fromParams: texts('Query parameters the token is taken from.', some),
  fromCookies: texts('Cookies the token is taken from.', some),
  outputPayloadToHeader: text('Header that gets the payload of the token.'),
  outputClaimToHeaders: list(
    'Headers that get claims of the token.',
    message(
      'One claim.',
      {
        header: text('Name of the header.', { minLength: 1, pattern: '^[-_A-Za-z0-9]+$' }),
        claim: text('Name of the claim.', some),
      },
      ['header', 'claim'],
    ),
  ),
  presence: choice('Whether requests must carry a token of the issuer. Default OPTIONAL.', [
    'OPTIONAL',
    'REQUIRED',
  ]),
  forwardOriginalToken: flag('Whether the token is passed on to the workload.'),
  timeout: duration('Limit of fetching the keys. Default 5s.'),
  spaceDelimitedClaims: list(
    'Claims that are lists separated by spaces, besides scope and permission.',
    Type.String(some),
    { maxItems: 64 },
  ),
});

export const requestAuthenticationSchema = message('Which tokens requests may carry.', {
  ...policyTarget,
  jwtRules: list('Issuers whose tokens are taken.', jwtRule, { maxItems: 4096 }),
});

export type RequestAuthenticationSpec = Decoded<typeof requestAuthenticationSchema>;
export type JwtRule = Decoded<typeof jwtRule>;
