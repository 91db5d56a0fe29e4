import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApiServer, type ApiServer } from '../support/api-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { findKubectls, versionOfKubectl } from '../support/kubectl.ts';
import { readTranscript, runTranscript, writeTranscript } from '../support/transcript.ts';

const files = fileURLToPath(new URL('files', import.meta.url));
const transcripts = fileURLToPath(new URL('transcripts', import.meta.url));

/** Some of what is printed is newer than the oldest kubectl that pilot supports; the title says so. */
function isFor(title: string, version: string): boolean {
  const least = /kubectl 1\.(\d+) and newer/.exec(title)?.[1] ?? '0';
  return Number(/^v1\.(\d+)/.exec(version)?.[1]) >= Number(least);
}

/** A home directory with a kubeconfig for the server, and the binary as the only kubectl of the PATH. */
function furnish(home: string, binary: string, url: string): NodeJS.ProcessEnv {
  mkdirSync(join(home, 'bin'));
  mkdirSync(join(home, '.kube'));
  symlinkSync(binary, join(home, 'bin/kubectl'));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'mesh', cluster: { server: url } }],
    contexts: [{ name: 'mesh', context: { cluster: 'mesh', user: '' } }],
    'current-context': 'mesh',
  };
  writeFileSync(join(home, '.kube/config'), JSON.stringify(config));
  const path = [join(home, 'bin'), process.env['PATH']].join(delimiter);
  return { PATH: path, HOME: home, TMPDIR: home, LC_ALL: 'C' };
}

for (const binary of await findKubectls()) {
  const version = await versionOfKubectl(binary);
  describe(`the transcripts with kubectl ${version}`, () => {
    let api: ApiServer;
    let home: TemporaryFolder;
    beforeEach(async () => {
      home = await makeTemporaryFolder();
      api = await startApiServer();
    });
    afterEach(async () => {
      await api.close();
      await home.remove();
    });

    for (const name of readdirSync(transcripts)) {
      const path = join(transcripts, name);
      const transcript = readTranscript(path);
      if (!isFor(transcript.title, version)) continue;
      it(`${transcript.title} (${transcript.steps.length} commands)`, async () => {
        const env = furnish(home.path, binary, api.url);
        const seen = await runTranscript(transcript, { cwd: files, env });
        if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, writeTranscript(seen));
        else assert.equal(writeTranscript(seen), writeTranscript(transcript));
      });
    }
  });
}
