import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Starts a headless Chromium: CHROMIUM_BIN, or the first on the PATH. Root has no sandbox to offer it. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--no-first-run'],
    ],
  });
}

async function findChromium(): Promise<string> {
  const { CHROMIUM_BIN: chosen, PATH = '' } = process.env;
  if (chosen !== undefined && chosen !== '') return chosen;
  for (const folder of PATH.split(delimiter)) {
    for (const name of names) {
      const found = await access(join(folder, name)).then(
        () => true,
        () => false,
      );
      if (found) return join(folder, name);
    }
  }
  throw new Error(`no Chromium: put one of ${names.join(', ')} on the PATH, or set CHROMIUM_BIN`);
}
