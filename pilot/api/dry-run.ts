import type { FieldError } from './field-error.ts';
import { forbidden, invalid } from './field-error.ts';
import type { ObjectMeta } from './resource.ts';

/** With this annotation Istio only logs what an AuthorizationPolicy would do. */
const dryRun = 'istio.io/dry-run';

const path = `metadata.annotations[${dryRun}]`;

/** For an AuthorizationPolicy with this action. */
export function* checkDryRun(
  action: string,
  { annotations = {} }: ObjectMeta,
): Iterable<FieldError> {
  const value = annotations[dryRun];
  if (value === undefined) return;
  if (action !== 'ALLOW' && action !== 'DENY') {
    yield forbidden(path, `is for actions ALLOW and DENY, this one is ${action}; remove it`);
  } else if (!/^(?:1|0|t|f|true|false)$/i.test(value)) {
    yield invalid(path, value, 'must be "true" or "false"');
  }
}

/** For objects of the other kinds: what is in force there is in force, whatever the annotation says. */
export function* checkNoDryRun(
  kind: string,
  { annotations = {} }: ObjectMeta,
): Iterable<FieldError> {
  if (annotations[dryRun] !== undefined && kind !== 'AuthorizationPolicy') {
    yield forbidden(path, `is for AuthorizationPolicy only, this is ${kind}; remove it`);
  }
}
