import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';

/** The registrators of the meshes on an Engine, by container; none where no Engine answers. */
export async function findRegistrators(
  project: string | undefined,
): Promise<readonly { readonly name: string; readonly version: string }[]> {
  const docker = new Docker();
  const label = [
    'com.docker.compose.service=registrator',
    ...(project === undefined ? [] : [`com.docker.compose.project=${project}`]),
  ];
  const found = await docker.listContainers({ filters: { label } }).catch(() => []);
  const versions = await Promise.all(
    found.map(async ({ Id: id, Names: names }) => {
      const version = await askVersion(docker, docker.getContainer(id)).catch(() => undefined);
      const name = (names[0] ?? id).replace(/^\//, '');
      return version === undefined ? [] : [{ name, version }];
    }),
  );
  return versions.flat();
}

/** A registrator serves nothing by default, so its own program is asked. Undefined when it is another one, such as gliderlabs'. */
async function askVersion(
  docker: Docker,
  container: Docker.Container,
): Promise<string | undefined> {
  const exec = await container.exec({
    Cmd: ['node', 'bin/cmesh.mjs', '--version'],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const output = new PassThrough();
  const errors = new PassThrough().resume();
  docker.modem.demuxStream(stream, output, errors);
  stream.once('end', () => output.end());
  return /^(\d+\.\d+\.\d+\S*)\s*$/.exec(await text(output))?.[1];
}
