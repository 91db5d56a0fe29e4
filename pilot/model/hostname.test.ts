import assert from 'node:assert/strict';
import { coversHostname, namesOf, resolveHostname } from './hostname.ts';

const domain = 'service.consul';

describe('host names', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    'reviews.service.consul': ['reviews.service.consul', 'reviews', 'reviews.service'],
    'v2.reviews.service.consul': ['v2.reviews.service.consul', 'v2.reviews', 'v2.reviews.service'],
    'api.example.com': ['api.example.com'],
    'db.consul': ['db.consul'],
    'service.consul': ['service.consul'],
    '*.example.com': ['*.example.com'],
    '*.service.consul': ['*.service.consul'],
    localhost: ['localhost'],
  };
  for (const [hostname, expected] of Object.entries(names)) {
    it(`${hostname} may be called ${expected.join(', ')}`, () => {
      assert.deepEqual(namesOf(hostname, domain), expected);
    });
  }

  it('are covered by themselves, by * and by a wildcard of a domain above', () => {
    const covered = (pattern: string): readonly boolean[] =>
      ['a.b.com', 'b.com', 'x.a.b.com', 'ab.com'].map((name) => coversHostname(pattern, name));
    assert.deepEqual(
      { all: covered('*'), exact: covered('a.b.com'), wildcard: covered('*.b.com') },
      {
        all: [true, true, true, true],
        exact: [true, false, false, false],
        wildcard: [true, false, true, false],
      },
    );
  });

  it('are covered by a wildcard within a label', () => {
    assert.deepEqual(
      ['eu-api.example.com', 'api.example.com'].map((name) =>
        coversHostname('*-api.example.com', name),
      ),
      [true, false],
    );
  });

  it('mean the same whatever their case', () => {
    assert.equal(
      resolveHostname('Reviews', domain, (name) => name === 'reviews.service.consul'),
      'reviews.service.consul',
    );
  });

  it('that rules shorten mean the service of that name, else themselves', () => {
    const services = new Set(['reviews.service.consul', 'reviews.consul', 'plain']);
    const isService = (name: string): boolean => services.has(name);
    const resolved = ['reviews', 'reviews.service', 'plain', 'nobody', 'reviews.consul'].map(
      (host) => resolveHostname(host, domain, isService),
    );
    assert.deepEqual(resolved, [
      'reviews.service.consul',
      'reviews.service.consul',
      'plain',
      'nobody',
      'reviews.consul',
    ]);
  });
});
