import assert from 'node:assert/strict';
import { findBrowser } from './browser.ts';

describe('the browser', () => {
  it('is the one that is named, else the one of the platform where somebody sees it', () => {
    assert.deepEqual(
      [
        findBrowser('linux', { BROWSER: 'firefox', SSH_CONNECTION: 'x' }),
        findBrowser('linux', { DISPLAY: ':0' }),
        findBrowser('linux', { WAYLAND_DISPLAY: 'wayland-0' }),
        findBrowser('linux', {}),
        findBrowser('darwin', {}),
        findBrowser('darwin', { SSH_CONNECTION: 'x' }),
        findBrowser('win32', {}),
      ],
      [
        ['firefox'],
        ['xdg-open'],
        ['xdg-open'],
        undefined,
        ['open'],
        undefined,
        ['cmd', '/c', 'start', ''],
      ],
    );
  });
});
