// Runs before anything is installed, so it may use nothing but Node itself.
import { spawnSync } from 'node:child_process';

const MIN_NODE = [20, 19];
const faults = [];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
  faults.push(
    `Node.js ${process.versions.node} is too old: foretap needs ${MIN_NODE.join('.')} or newer (https://nodejs.org).`,
  );
}
for (const tool of ['cargo', 'rustc']) {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) {
    faults.push(
      `${tool} was not found: foretap builds its packet path from Rust. Install Rust 1.88 or newer (https://rustup.rs).`,
    );
  }
}
if (faults.length > 0) {
  for (const fault of faults) process.stderr.write(`foretap: ${fault}\n`);
  process.exit(2);
}
