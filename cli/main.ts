/** `cmesh`: one command for every process of the mesh, and for the people who work with it. */
const [command, ...rest] = process.argv.slice(2);

if (command === 'registrator') {
  // The flags of gliderlabs/registrator are in Go's syntax (-internal), which no option parser here reads.
  const { runRegistrator } = await import('../registrator/main.ts');
  process.exitCode = await runRegistrator(rest, process.env);
} else if (command === 'agent') {
  const { runAgent } = await import('../sidecar/main.ts');
  process.exitCode = await runAgent(rest, process.env);
} else if (command === '__complete') {
  const { createProgram } = await import('./program.ts');
  const { complete, formatCompletion } = await import('./completion/complete.ts');
  process.stdout.write(formatCompletion(await complete(createProgram(), rest)));
} else {
  const { createProgram } = await import('./program.ts');
  await createProgram().parseAsync();
}
