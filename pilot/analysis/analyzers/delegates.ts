import { type Finding, advise, defineAnalyzer, nameOf } from '../analyzer.ts';
import { gatewayName } from '../destinations.ts';
import type { Facts } from '../facts.ts';

/** VirtualServices that lend rules from others. */
export const delegates = defineAnalyzer({
  name: 'virtualservice.delegates',
  description: 'Checks that rules are lent from VirtualServices that exist and lend them',
  codes: ['CM0107', 'CM0108', 'CM0113'],
  kinds: ['VirtualService'],
  analyze: function* (resource, facts): Iterable<Finding> {
    const { spec, key } = resource;
    for (const [index, { delegate }] of (spec.http ?? []).entries()) {
      if (delegate?.name === undefined) continue;
      const full = gatewayName(delegate.name, delegate.namespace ?? key.namespace);
      yield* checkDelegate(`spec.http[${index}].delegate.name`, full, facts);
    }
    if ((spec.hosts ?? []).length > 0) return;
    if (facts.delegatingTo(key.namespace, key.name).length > 0) return;
    const message =
      'has no hosts, and no VirtualService delegates to it, so its rules do nothing. Write hosts, or delegate to it';
    yield { code: 'CM0113', path: 'spec.hosts', message };
  },
});

function* checkDelegate(path: string, full: string, facts: Facts): Iterable<Finding> {
  const [namespace = '', name = ''] = full.split('/');
  const other = facts.find('VirtualService', namespace, name);
  if (other === undefined) {
    const names = facts.all('VirtualService', namespace).map(({ key }) => key.name);
    const advice = advise(name, names, 'Create it, or correct the name and the namespace');
    const message = `there is no VirtualService "${full}". ${advice}`;
    yield { code: 'CM0107', path, message };
  } else if ((other.spec.hosts ?? []).length > 0) {
    const message = `${nameOf(other)} has hosts, so it lends no rules. Remove its hosts, or do not delegate to it`;
    yield { code: 'CM0108', path, message };
  }
}
