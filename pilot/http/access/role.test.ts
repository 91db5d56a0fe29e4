import assert from 'node:assert/strict';
import { type Attributes, isAllowed, neededRole, roles, writing } from './role.ts';

const networking = 'networking.istio.io';

function resource(verb: string, resource: string, group = networking): Attributes {
  return { kind: 'resource', verb, group, resource };
}

describe('what roles allow', () => {
  it('grows from one to the next', () => {
    const needed = (attributes: Attributes): string => {
      const allowing = roles.filter((role) => isAllowed(role, attributes));
      assert.deepEqual(allowing, roles.slice(roles.indexOf(neededRole(attributes))));
      return neededRole(attributes);
    };
    assert.deepEqual(
      [
        needed(resource('get', 'virtualservices')),
        needed(resource('watch', 'envoyfilters')),
        needed(resource('list', 'configmaps', '')),
        needed(resource('list', 'namespaces', '')),
        needed(resource('create', 'selfsubjectreviews', 'authentication.k8s.io')),
        needed({ kind: 'path', verb: 'get', path: '/debug/proxies' }),
      ],
      Array.from({ length: 6 }, () => 'read'),
    );
    const everyWrite = writing.map((verb) => needed(resource(verb, 'virtualservices')));
    assert.deepEqual(
      [
        ...everyWrite,
        needed(resource('get', 'secrets', '')),
        needed(resource('list', 'secrets', '')),
        needed(resource('watch', 'secrets', '')),
        needed(resource('create', 'namespaces', '')),
        needed(resource('patch', 'authorizationpolicies', 'security.istio.io')),
      ],
      Array.from({ length: 10 }, () => 'write'),
    );
    assert.deepEqual(
      [
        needed(resource('create', 'envoyfilters')),
        needed(resource('delete', 'wasmplugins', 'extensions.istio.io')),
        needed(resource('delete', 'namespaces', '')),
        needed(resource('get', 'pods', '')),
        needed({ kind: 'path', verb: 'post', path: '/debug' }),
      ],
      Array.from({ length: 5 }, () => 'admin'),
    );
    assert.equal(needed({ kind: 'path', verb: 'get', path: '/healthz/ready' }), 'none');
    assert.equal(needed({ kind: 'path', verb: 'get', path: '/mesh/v1/names' }), 'none');
  });
});
