import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

type Patch = Readonly<Record<string, unknown>>;

/** What is said of the value of a patch, by the path within it. */
function ofPatch(applyTo: string, value: Patch, operation = 'ADD'): readonly string[] {
  const configPatches = [{ applyTo, patch: { operation, value } }];
  return findingsOf('EnvoyFilter', { configPatches }).map((line) =>
    line
      .replaceAll('spec.configPatches[0].patch.value.', '')
      .replace(/ one of [A-Z].*/, ' one of ...'),
  );
}

const lua = 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua';

function luaFilter(config: Patch): Patch {
  return { name: 'lua', typed_config: { '@type': lua, ...config } };
}

describe('the value of a patch of an EnvoyFilter', () => {
  it('may be whatever makes the message that is patched', () => {
    const values: Readonly<Record<string, Patch>> = {
      CLUSTER: {
        name: 'outside',
        type: 'STRICT_DNS',
        connectTimeout: '1.5s',
        dns_refresh_rate: '500ms',
        lb_policy: 2,
        per_connection_buffer_limit_bytes: '32768',
        health_checks: null,
        load_assignment: {
          cluster_name: 'outside',
          endpoints: [
            {
              lb_endpoints: [
                {
                  endpoint: {
                    address: { socket_address: { address: 'example.com', port_value: 443 } },
                  },
                },
              ],
            },
          ],
        },
        metadata: { filter_metadata: { any: { thing: ['at', 'all', 1] } } },
      },
      HTTP_FILTER: luaFilter({ default_source_code: { inline_bytes: 'AAAA' } }),
      NETWORK_FILTER: {
        name: 'tcp',
        typed_config: {
          '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
          type_url: 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
          value: { stat_prefix: 'tcp', cluster: 'outside' },
        },
      },
      VIRTUAL_HOST: { typed_per_filter_config: { lua: { '@type': `${lua}PerRoute`, name: 'a' } } },
      LISTENER: { listener_filters_timeout: '0s', bind_to_port: false },
      BOOTSTRAP: { stats_flush_interval: '10s' },
    };
    assert.deepEqual(
      Object.entries(values).map(([applyTo, value]) => [applyTo, ofPatch(applyTo, value)]),
      Object.keys(values).map((applyTo) => [applyTo, []]),
    );
  });

  it('has values of the types of its fields', () => {
    const value = {
      name: false,
      connect_timeout: 5,
      type: 'STATICK',
      max_requests_per_connection: -1,
      respect_dns_ttl: 'yes',
      health_checks: {},
      typed_extension_protocol_options: [],
      dns_resolvers: ['10.0.0.1'],
      metadata: 'none',
    };
    assert.deepEqual(ofPatch('CLUSTER', value, 'MERGE'), [
      'name: Invalid value: false: must be a text',
      'connect_timeout: Invalid value: 5: must be a duration such as 1.5s',
      'type: Invalid value: "STATICK": must be one of ...',
      'max_requests_per_connection: Invalid value: -1: must be a whole number from 0 to 4294967295',
      'respect_dns_ttl: Invalid value: "yes": must be true or false',
      'health_checks: Invalid value: {}: must be a list',
      'typed_extension_protocol_options: Invalid value: []: must be an object',
      'dns_resolvers[0]: Invalid value: "10.0.0.1": must be an object, envoy.config.core.v3.Address',
      'metadata: Invalid value: "none": must be an object, envoy.config.core.v3.Metadata',
    ]);
  });

  it('has one field of each choice', () => {
    const value = { route: { cluster: 'a' }, redirect: { path_redirect: '/' } };
    assert.deepEqual(ofPatch('HTTP_ROUTE', value), [
      'spec.configPatches[0].patch.value: Forbidden: only one of route, redirect may be set; remove the others',
    ]);
  });

  it('may have fields that there are not, with a warning that says what is meant', () => {
    const config = { default_source_code: { inline_strin: 'x' } };
    assert.deepEqual(
      [...ofPatch('HTTP_FILTER', luaFilter(config)), ...ofPatch('CLUSTER', { nam: 'a' })],
      [
        'warning typed_config.default_source_code.inline_strin: unknown field "typed_config.default_source_code.inline_strin" (did you mean "inline_string"?)',
        'warning nam: unknown field "nam" (did you mean "name"?)',
      ],
    );
  });

  it('says the type of each configuration', () => {
    const types = [
      'type.googleapis.com/envoy.config.filter.http.lua.v2.Lua',
      lua.replace('Lua', 'LUA1'),
      'type.googleapis.com/acme.Filter',
      'Lua',
    ];
    assert.deepEqual(
      [
        ...types.flatMap((type) => ofPatch('HTTP_FILTER', { typed_config: { '@type': type } })),
        ...ofPatch('HTTP_FILTER', { typed_config: {} }),
      ],
      [
        'typed_config.@type: Invalid value: "envoy.config.filter.http.lua.v2.Lua": is a type of the v2 API, which no Envoy knows; use the one of v3',
        'warning typed_config.@type: Invalid value: "envoy.extensions.filters.http.lua.v3.LUA1": is not a type that pilot knows; did you mean "envoy.extensions.filters.http.lua.v3.Lua"?',
        'warning typed_config.@type: Invalid value: "acme.Filter": is not a type that pilot knows; see that your Envoy knows it',
        'typed_config.@type: Required value: write the type, as type.googleapis.com/envoy.…',
        'typed_config.@type: Required value: write the type, as type.googleapis.com/envoy.…',
      ],
    );
  });

  it('configures what it adds, and may leave that out where it is merged', () => {
    const filter = { name: 'envoy.filters.http.lua' };
    assert.deepEqual(
      [ofPatch('HTTP_FILTER', filter), ofPatch('HTTP_FILTER', filter, 'MERGE')],
      [
        [
          'warning typed_config: Required value: Envoy finds an extension by the type of it, not by name',
        ],
        [],
      ],
    );
  });
});
