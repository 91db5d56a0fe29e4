import assert from 'node:assert/strict';
import { isRoute } from './route-name.ts';

const log = {
  rule: 'VirtualService shop/reviews',
  rulePath: 'spec.http[1].match[0]',
  routeName: 'canary.jason',
};

describe('the name of a rule', () => {
  it('may be the object, a route of it, a match, or the name of the route', () => {
    const names = [
      'VirtualService reviews',
      'VirtualService shop/reviews',
      'VirtualService reviews http[1]',
      'VirtualService reviews spec.http[1].match[0]',
      'canary',
      'canary.jason',
    ];
    assert.deepEqual(
      names.filter((name) => !isRoute(name, log)),
      [],
    );
  });

  it('is not that of another rule', () => {
    const names = [
      'VirtualService ratings',
      'VirtualService default/reviews',
      'VirtualService reviews http[0]',
      'VirtualService reviews http[1].match[1]',
      'can',
      'jason',
    ];
    assert.deepEqual(
      names.filter((name) => isRoute(name, log)),
      [],
    );
    assert.equal(
      isRoute('VirtualService reviews http[1]', { ...log, rulePath: 'spec.http[10]' }),
      false,
    );
    assert.equal(isRoute('default', { routeName: 'default' }), true);
  });

  it('may be that of a byte stream', () => {
    const stream = { rule: 'VirtualService shop/db', rulePath: 'spec.tcp[0]' };
    const names = [
      'VirtualService db',
      'VirtualService db tcp[0]',
      'VirtualService db tcp[1]',
      'default',
    ];
    assert.deepEqual(
      names.map((name) => [isRoute(name, stream), isRoute(name, {})]),
      [
        [true, false],
        [true, false],
        [false, false],
        [false, true],
      ],
    );
  });
});
