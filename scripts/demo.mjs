// `npm run demo`: from a fresh clone to a shadow that is ready before the peak. Further arguments go to `foretap up`.
import { spawnSync } from 'node:child_process';
import { ROOT, setUp } from './set-up.mjs';

setUp();
const { status } = spawnSync(
  process.execPath,
  [
    'dist/main.js',
    'up',
    '--replay',
    'synth:demo',
    '--config',
    'examples/demo.yaml',
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: 'inherit' },
);
process.exit(status ?? 1);
