import assert from 'node:assert/strict';
import { findCommandFault } from './header-commands.ts';

describe('findCommandFault', () => {
  it('accepts what Envoy puts something in place of, and percent signs that are doubled', () => {
    const values = [
      'plain',
      '100%%',
      '%REQ(x-user)%',
      '%REQ(:path?x-user):10%, %PROTOCOL%',
      '%START_TIME(%Y-%m-%d)%',
      '%DYNAMIC_METADATA(a:b)%',
      '%FILTER_STATE(a:FIELD:b)%',
      '%GRPC_STATUS(SNAKE_STRING)%',
      "%CEL(request.headers['x-user'])%",
    ];
    assert.deepEqual(
      values.map((value) => findCommandFault(value)),
      values.map(() => undefined),
    );
  });

  it('says what Envoy would refuse a route table for', () => {
    const faults = {
      '100%': 'has a single %; write %% for a percent sign, or %COMMAND%',
      '%lower%': 'has a single %; write %% for a percent sign, or %COMMAND%',
      '%UNKNOWN%': 'has %UNKNOWN%, which is no command of Envoy; write %% for a percent sign',
      '%REQ%': 'has %REQ% without its argument',
      '%REQ()%': 'has %REQ()% with an argument that REQ does not take',
      '%REQ(a?b?c)%': 'has %REQ(a?b?c)% with an argument that REQ does not take',
      '%PROTOCOL(a)%': 'has %PROTOCOL(a)% with an argument that PROTOCOL does not take',
      '%PROTOCOL:3%': 'has %PROTOCOL:3% with a length, which PROTOCOL does not take',
      '%PATH(XX)%': 'has %PATH(XX)% with an argument that PATH does not take',
      '%CEL(1 +)%': 'has %CEL(1 +)% with an argument that CEL does not take',
      '%FILTER_STATE(a:WRONG)%':
        'has %FILTER_STATE(a:WRONG)% with an argument that FILTER_STATE does not take',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(faults).map((value) => [value, findCommandFault(value)])),
      faults,
    );
  });
});
