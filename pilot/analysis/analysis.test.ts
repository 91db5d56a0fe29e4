import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exampleServices, readExamples } from '../../test/support/analysis-examples.ts';
import { catalogOf, resourcesOf } from '../../test/support/mesh-fixture.ts';
import type { ConfigResource } from '../api/resource.ts';
import { Analysis, analyze } from './analysis.ts';

const domain = 'service.consul';

function route(name: string, destination: string): ConfigResource {
  const [resource] = resourcesOf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec: { hosts: [${name}], http: [{ route: [{ destination: ${destination} }] }] }
`);
  assert.ok(resource !== undefined);
  return resource;
}

function subsets(name: string, versions: readonly string[]): ConfigResource {
  const list = versions.map((version) => `{ name: ${version}, labels: { version: ${version} } }`);
  const [resource] = resourcesOf(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: default }
spec: { host: ${name}, subsets: [${list.join(', ')}] }
`);
  assert.ok(resource !== undefined);
  return resource;
}

const shown = (problems: readonly { code: string; resource: string }[]): readonly string[] =>
  problems.map(({ code, resource }) => `${code} ${resource}`);

describe('the analysis', () => {
  it('says the same after any changes as one that begins with their result', () => {
    const pool = readExamples().flatMap(({ mistake, fix }) =>
      [mistake, fix].flatMap((yaml) => resourcesOf(yaml)),
    );
    const catalogs = [exampleServices, exampleServices.slice(1), exampleServices.slice(0, 2)];
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.nat(pool.length - 1).map((at) => ({ kind: 'put', at }) as const) },
      { weight: 2, arbitrary: fc.nat(pool.length - 1).map((at) => ({ kind: 'try', at }) as const) },
      // As the store does it: what is written has got a version in the meantime.
      {
        weight: 4,
        arbitrary: fc.nat(pool.length - 1).map((at) => ({ kind: 'write', at }) as const),
      },
      {
        weight: 2,
        arbitrary: fc.nat(pool.length - 1).map((at) => ({ kind: 'remove', at }) as const),
      },
      {
        weight: 1,
        arbitrary: fc.nat(catalogs.length - 1).map((at) => ({ kind: 'services', at }) as const),
      },
      { weight: 2, arbitrary: fc.constant({ kind: 'read', at: 0 } as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const analysis = new Analysis(domain);
        const present = new Map<string, ConfigResource>();
        let services: (typeof catalogs)[number] | undefined;
        for (const { kind, at } of steps) {
          const resource = pool[at]!;
          const name = JSON.stringify(resource.key);
          if (kind === 'try') {
            analysis.preview({ kind: 'put', resource });
          } else if (kind === 'put') {
            analysis.change({ kind, resource });
            present.set(name, resource);
          } else if (kind === 'write') {
            analysis.preview({ kind: 'put', resource });
            const written = structuredClone(resource);
            analysis.change({ kind: 'put', resource: written });
            present.set(name, written);
          } else if (kind === 'remove') {
            analysis.preview({ kind, key: resource.key });
            analysis.change({ kind, key: resource.key });
            present.delete(name);
          } else if (kind === 'services') {
            services = catalogs[at];
            analysis.setServices(catalogs[at]!);
          } else {
            analysis.problems();
          }
        }
        const fresh = analyze([...present.values()], {
          domain,
          ...(services === undefined ? {} : { services }),
        });
        assert.deepEqual(analysis.problems(), fresh);
      }),
      { numRuns: 400 },
    );
  });

  it('does not guess about services while nobody has said which there are', () => {
    const resources = [
      route('web', '{ host: nobody, port: { number: 99 } }'),
      subsets('lost', ['v1']),
    ];
    assert.deepEqual(shown(analyze(resources, { domain })), []);
    assert.deepEqual(shown(analyze(resources, { domain, services: [] })), [
      'CM0109 DestinationRule default/lost',
      'CM0101 VirtualService default/web',
      'CM0111 VirtualService default/web',
    ]);
  });

  it('says before a change what it would bring, to the object and to others', () => {
    const analysis = new Analysis(domain);
    analysis.setServices(exampleServices);
    analysis.change({ kind: 'put', resource: subsets('web', ['v1', 'v2']) });
    analysis.change({ kind: 'put', resource: route('web', '{ host: web, subset: v2 }') });
    const without = analysis.preview({ kind: 'put', resource: subsets('web', ['v1', 'v3']) });
    const gone = analysis.preview({ kind: 'remove', key: subsets('web', []).key });
    assert.deepEqual(
      {
        own: shown(without.own),
        caused: shown(without.caused),
        gone: shown(gone.caused),
        unchanged: shown(analysis.problems()),
      },
      {
        own: ['CM0401 DestinationRule default/web'],
        caused: ['CM0102 VirtualService default/web'],
        gone: ['CM0102 VirtualService default/web'],
        unchanged: [],
      },
    );
  });

  it('does not take for true what a preview said of another mesh', () => {
    const rule = route('web', '{ host: web }');
    const after = (event: (analysis: Analysis) => void): readonly string[] => {
      const analysis = new Analysis(domain);
      analysis.setServices(exampleServices);
      analysis.preview({ kind: 'put', resource: rule });
      event(analysis);
      analysis.change({ kind: 'put', resource: rule });
      return shown(analysis.problemsOf(rule.key));
    };
    const other = { ...rule, key: { ...rule.key, name: 'before' } };
    assert.deepEqual(
      {
        nothing: after(() => undefined),
        services: after((analysis) => {
          analysis.setServices([]);
        }),
        rules: after((analysis) => {
          analysis.change({ kind: 'put', resource: other });
        }),
      },
      {
        nothing: [],
        services: ['CM0101 VirtualService default/web', 'CM0111 VirtualService default/web'],
        rules: ['CM0201 VirtualService default/web'],
      },
    );
  });

  it('is an error for a subset without instances when a route leads there', () => {
    const rules = [subsets('web', ['v1', 'v9'])];
    const judge = (resources: readonly ConfigResource[]): unknown =>
      analyze(resources, { domain, services: exampleServices }).map(
        ({ code, severity }) => `${severity} ${code}`,
      );
    assert.deepEqual(
      [judge(rules), judge([...rules, route('web', '{ host: web, subset: v9 }')])],
      [['info CM0401'], ['error CM0401']],
    );
  });

  it('takes an instance that is down for one that is there', () => {
    const services = exampleServices.map((service) => ({
      ...service,
      endpoints: service.endpoints.map((endpoint) => ({ ...endpoint, down: true as const })),
    }));
    assert.deepEqual(analyze([subsets('web', ['v1'])], { domain, services }), []);
  });

  it('leaves out what an object asks not to be told', () => {
    const resource = route('web', '{ host: nobody }');
    const quiet = (codes: string): ConfigResource => ({
      ...resource,
      metadata: {
        ...resource.metadata,
        annotations: { 'galley.istio.io/analyze-suppress': codes },
      },
    });
    const judge = (one: ConfigResource): unknown =>
      shown(analyze([one], { domain, services: exampleServices }));
    assert.deepEqual(
      [judge(resource), judge(quiet('CM0102')), judge(quiet('CM0102, CM0101')), judge(quiet('*'))],
      [['CM0101 VirtualService default/web'], ['CM0101 VirtualService default/web'], [], []],
    );
  });

  it('names what was probably meant', () => {
    const services = catalogOf([
      { service: 'reviews', address: '10.0.0.1', port: 9080, version: 'v1', protocol: 'http' },
    ]);
    const judge = (destination: string): readonly string[] =>
      analyze([route('reviews', destination), subsets('reviews', ['v1'])], {
        domain,
        services,
      }).map(({ path = '', message }) => `${path}: ${message}`);
    assert.deepEqual(
      [
        ...judge('{ host: reveiws }'),
        ...judge('{ host: reviews.service.consu }'),
        ...judge('{ host: reviews, subset: v11 }'),
        ...judge('{ host: reviews, port: { number: 9081 } }'),
      ],
      [
        'spec.http[0].route[0].destination.host: host "reveiws" is no service of the mesh; callers get 503. Did you mean "reviews"?',
        'spec.http[0].route[0].destination.host: host "reviews.service.consu" is no service of the mesh; callers get 503. Did you mean "reviews.service.consul"?',
        'spec.http[0].route[0].destination.subset: DestinationRule default/reviews for reviews.service.consul does not have subset "v11"; callers get 503. Did you mean "v1"?',
        'spec.http[0].route[0].destination.port.number: reviews.service.consul has no port 9081, only 9080; callers get 503. Name one of these',
      ],
    );
  });
});
