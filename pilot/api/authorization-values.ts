import type { FieldError } from './field-error.ts';
import { invalid, required } from './field-error.ts';
import { isSubnet } from './field-rules.ts';

/** Rules for the lists of texts in an AuthorizationPolicy (istio/istio pkg/config/security). */

type Findings = Iterable<FieldError>;
type Texts = readonly string[];

export function* checkNotEmpty(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    if (value === '') yield required(`${path}[${index}]`, 'must not be empty; write a value');
  }
}

export function* checkAddresses(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    if (!isSubnet(value)) {
      yield invalid(`${path}[${index}]`, value, 'must be an address or a CIDR such as 10.0.0.0/8');
    }
  }
}

export function* checkPortTexts(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) {
      yield invalid(`${path}[${index}]`, value, 'must be a port number, such as "8080"');
    }
  }
}

const account = /^(?:[^*/]+\/)?[^*/]+$/;

export function* checkAccounts(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    if (!account.test(value)) {
      yield invalid(`${path}[${index}]`, value, 'must be NAME or NAMESPACE/NAME, without *');
    }
  }
}

export function* checkTrustDomains(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    if (!/^\*?[^*/]+$|^[^*/]+\*$|^\*$/.test(value)) {
      const detail = 'must be a trust domain, without /; * only at the beginning or the end';
      yield invalid(`${path}[${index}]`, value, detail);
    }
  }
}

/** Characters of a segment (RFC 3986, pchar) that Envoy takes in a template. */
const literal = /^[-a-zA-Z0-9._~%!$&'()+,;:@=]+$/;

/** Templates: {*} is one segment, {**} any number of them, and only at the end. */
export function* checkPaths(path: string, values: Texts): Findings {
  for (const [index, value] of values.entries()) {
    const fault = findTemplateFault(value);
    if (fault !== undefined) yield invalid(`${path}[${index}]`, value, fault);
  }
}

function findTemplateFault(text: string): string | undefined {
  const isTemplate = /\{\*{1,2}\}/.test(text);
  const segments = text.replace(/^\/+|\/+$/g, '').split('/');
  for (const [index, segment] of segments.entries()) {
    if (segment === '{*}' || segment === '{**}') {
      if (segments.indexOf('{**}') < index && segments.includes('{**}')) {
        return 'has an operator after {**}; that must be the last one';
      }
    } else if (/[{}]/.test(segment)) {
      return 'has braces; only {*} and {**} as whole segments are templates';
    } else if (isTemplate && !literal.test(segment)) {
      return `has the segment "${segment}", which is not allowed beside {*} and {**}`;
    }
  }
  return undefined;
}
