import { ApiVersionValues } from '../proto/messages.ts';
import { duration } from './values.ts';

/**
 * Where a proxy asks for what a resource refers to: on the stream it already has. A timeout of zero waits
 * for ever, so that a slow pilot never makes a proxy start without its configuration (as in Istio).
 */
export const adsSource = {
  configSourceSpecifier: { case: 'ads', value: {} },
  resourceApiVersion: ApiVersionValues.V3,
  initialFetchTimeout: duration(0),
} as const;
