import type { ObjectMeta } from '../api/resource.ts';
import { badRequest } from './api-error.ts';

export type Selector = (metadata: ObjectMeta) => boolean;

type Labels = Readonly<Record<string, string>>;

/**
 * Reads labelSelector and fieldSelector of a list request
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api). Throws ApiError 400.
 */
export function parseSelector(labelSelector: string, fieldSelector: string): Selector {
  const labels = splitTerms(labelSelector).map(parseLabelTerm);
  const fields = splitTerms(fieldSelector).map(parseFieldTerm);
  return (metadata) =>
    labels.every((matches) => matches(metadata.labels ?? {})) &&
    fields.every((matches) => matches(metadata));
}

/** Commas separate terms, but not the values of a set. One pass: the selector comes from outside. */
function splitTerms(selector: string): readonly string[] {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= selector.length; index += 1) {
    const character = selector.charAt(index);
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    const isEnd = index === selector.length || (character === ',' && depth <= 0);
    if (!isEnd) continue;
    terms.push(selector.slice(start, index).trim());
    start = index + 1;
  }
  return terms.filter((term) => term !== '');
}

function parseLabelTerm(term: string): (labels: Labels) => boolean {
  const set = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    const isIn = (labels: Labels): boolean =>
      Object.hasOwn(labels, key) && values.includes(labels[key] ?? '');
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const equality = /^([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)$/.exec(term);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    const isEqual = (labels: Labels): boolean =>
      Object.hasOwn(labels, key) && labels[key] === value;
    return operator === '!=' ? (labels) => !isEqual(labels) : isEqual;
  }
  const existence = /^(!?)\s*([^\s!=(),]+)$/.exec(term);
  if (existence === null) throw badRequest(`unable to parse requirement: ${term}`);
  const [, not, key = ''] = existence;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

function parseFieldTerm(term: string): Selector {
  const match = /^([^!=]+?)(==|=|!=)(.*)$/.exec(term);
  if (match === null) throw badRequest(`invalid field selector ${JSON.stringify(term)}`);
  const [, field = '', operator, value = ''] = match;
  if (field !== 'metadata.name' && field !== 'metadata.namespace') {
    throw badRequest(`field label not supported: ${field}`);
  }
  const read = (metadata: ObjectMeta): string =>
    field === 'metadata.name' ? metadata.name : (metadata.namespace ?? '');
  return (metadata) => (read(metadata) === value) === (operator !== '!=');
}
