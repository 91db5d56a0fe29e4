import assert from 'node:assert/strict';
import { measureInbound, parseStats } from './admin.ts';

describe('inbound activity', () => {
  it('counts idle HTTP connections as connections, not as busy', () => {
    const text = [
      'http.inbound_0.0.0.0_9080.downstream_cx_active: 3',
      'http.inbound_0.0.0.0_9080.downstream_rq_active: 1',
      'http.outbound_0.0.0.0_9080.downstream_cx_active: 7',
      'listener.0.0.0.0_15006.downstream_cx_active: 5',
      'listener.0.0.0.0_15006.worker_0.downstream_cx_active: 5',
      'listener.0.0.0.0_15001.downstream_cx_active: 9',
      'http.inbound_0.0.0.0_9080.downstream_rq_time: P0(1,2)',
      '',
    ].join('\n');
    assert.deepEqual(measureInbound(parseStats(text)), { connections: 5, busy: 3 });
  });

  it('takes a connection with several streams for one busy connection at least', () => {
    const stats = new Map([
      ['listener.0.0.0.0_15006.downstream_cx_active', 1],
      ['http.inbound_0.0.0.0_9080.downstream_cx_active', 1],
      ['http.inbound_0.0.0.0_9080.downstream_rq_active', 40],
    ]);
    assert.deepEqual(
      [measureInbound(stats), measureInbound(new Map())],
      [
        { connections: 1, busy: 1 },
        { connections: 0, busy: 0 },
      ],
    );
  });
});
