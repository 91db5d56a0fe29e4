import { policyTarget } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { anyFields, choice, int32, keyedList, list, message, text } from './schema.ts';
import { Type } from 'typebox';

/** The fields of Istio's WasmPlugin (istio/api extensions/v1alpha1/wasm.proto). */

const port = message(
  'A port.',
  { number: Type.Integer({ minimum: 1, maximum: 65535, description: 'Its number.' }) },
  ['number'],
);

const variable = message(
  'A variable.',
  {
    name: text('Its name.', { minLength: 1, maxLength: 256 }),
    valueFrom: choice('INLINE takes value, HOST the variable of the proxy.', ['INLINE', 'HOST']),
    value: text('Its value.', { maxLength: 2048 }),
  },
  ['name'],
);

export const wasmPluginSchema = message(
  'A WebAssembly module in the proxies.',
  {
    ...policyTarget,
    url: text('Where the module is: http, https, oci (default) or file.', { minLength: 1 }),
    sha256: text('SHA-256 of the module, in hex.', { pattern: '(^$|^[a-f0-9]{64}$)' }),
    imagePullPolicy: choice('When the module is fetched again.', [
      'UNSPECIFIED_POLICY',
      'IfNotPresent',
      'Always',
    ]),
    imagePullSecret: text('Secret with the credentials of the registry.', {
      minLength: 1,
      maxLength: 253,
    }),
    verificationKey: text('Not used by Istio.'),
    pluginConfig: anyFields('What the plugin is told.'),
    pluginName: text('Name of the plugin in the module.', { minLength: 1, maxLength: 256 }),
    phase: choice('Where among the filters of the mesh it stands.', [
      'UNSPECIFIED_PHASE',
      'AUTHN',
      'AUTHZ',
      'STATS',
    ]),
    priority: int32('Order within the phase; larger ones go first. Default 0.'),
    failStrategy: choice('What happens to requests when the module cannot run.', [
      'FAIL_CLOSE',
      'FAIL_OPEN',
      'FAIL_RELOAD',
    ]),
    vmConfig: message('Settings of the virtual machine.', {
      env: keyedList('Variables of its environment.', 'name', variable, { maxItems: 256 }),
    }),
    match: list(
      'Which traffic it sees; all without it.',
      message('Traffic that it sees.', {
        mode: choice('Which side of a call it is about. Default both.', [
          'UNDEFINED',
          'CLIENT',
          'SERVER',
          'CLIENT_AND_SERVER',
        ]),
        ports: keyedList('Ports it is about.', 'number', port),
      }),
    ),
    type: choice('Whether it is an HTTP filter (default) or a network filter.', [
      'UNSPECIFIED_PLUGIN_TYPE',
      'HTTP',
      'NETWORK',
    ]),
  },
  ['url'],
);

export type WasmPluginSpec = Decoded<typeof wasmPluginSchema>;
