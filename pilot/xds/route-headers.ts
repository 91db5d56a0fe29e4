import type { Header, HeaderChanges } from '../ir/route.ts';
import type {
  HeaderValueOption,
  HeaderValueOption_HeaderAppendAction,
} from '../proto/generated/envoy/config/core/v3/base_pb.js';
import type { Init } from '../proto/init.ts';
import { enumType } from '../proto/registry.ts';

export const appendAction = enumType<typeof HeaderValueOption_HeaderAppendAction>(
  'envoy.config.core.v3.HeaderValueOption.HeaderAppendAction',
);

export interface HeaderFields {
  readonly requestHeadersToAdd: readonly Init<HeaderValueOption>[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly Init<HeaderValueOption>[];
  readonly responseHeadersToRemove: readonly string[];
}

/** The header fields that routes and weighted clusters have in common. */
export function headerFields({ request, response }: HeaderChanges): HeaderFields {
  return {
    requestHeadersToAdd: [...request.set.map(overwrite), ...request.add.map(append)],
    requestHeadersToRemove: request.remove,
    responseHeadersToAdd: [...response.set.map(overwrite), ...response.add.map(append)],
    responseHeadersToRemove: response.remove,
  };
}

function overwrite({ name, value }: Header): Init<HeaderValueOption> {
  return {
    header: { key: name, value },
    appendAction: appendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    keepEmptyValue: true,
  };
}

function append({ name, value }: Header): Init<HeaderValueOption> {
  return {
    header: { key: name, value },
    appendAction: appendAction.APPEND_IF_EXISTS_OR_ADD,
    keepEmptyValue: true,
  };
}
