import { matchLabelsSelector } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { int32, message, text, textMap } from './schema.ts';

/** The fields of Istio's ProxyConfig (istio/api networking/v1beta1/proxy_config.proto). */
export const proxyConfigSchema = message('Settings that a proxy reads when it starts.', {
  selector: matchLabelsSelector,
  concurrency: int32('Worker threads; 0 for one per processor. Default 2.', 0),
  environmentVariables: textMap('Variables of the environment.', { maxLength: 2048 }),
  image: message('Which build of the proxy is run.', {
    imageType: text('default, debug or distroless.'),
  }),
});

export type ProxyConfigSpec = Decoded<typeof proxyConfigSchema>;
