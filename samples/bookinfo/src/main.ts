/**
 * Starts one service of Bookinfo: `main.ts productpage|details|reviews|ratings`. As process 1 of a container
 * it has no default signal handlers, so it installs its own before it loads anything.
 */
let stop = (): void => {
  process.exit(0);
};
process.on('SIGTERM', () => {
  stop();
});
process.on('SIGINT', () => {
  stop();
});

const { parseConfig } = await import('./config.ts');
const { createLog } = await import('./log.ts');
const parsed = parseConfig(process.argv[2], process.env);
if (parsed.kind === 'problems') {
  process.stderr.write(`bookinfo: ${parsed.problems.join('; ')}\n`);
  process.exit(2);
}
const { config } = parsed;
const { startService } = await import('./service.ts');
const log = createLog(`${config.service} ${config.version}`);
const running = await startService(config, log);
log(`listening on ${running.url}`);

stop = () => {
  // A second signal does not wait.
  stop = () => {
    process.exit(1);
  };
  log('stopping');
  void running.close().then(() => {
    process.exit(0);
  });
};
