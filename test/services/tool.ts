// Names of tools → their paths, installed with apt-get where they are missing and we may install.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Every tool that tests and measurements may ask for: what to look for, and the Debian package that has it. */
export const TOOLS = {
  curl: { file: 'curl', debianPackage: 'curl' },
  editcap: { file: 'editcap', debianPackage: 'wireshark-common' },
  ethtool: { file: 'ethtool', debianPackage: 'ethtool' },
  gcc: { file: 'gcc', debianPackage: 'gcc' },
  h2load: { file: 'h2load', debianPackage: 'nghttp2-client' },
  httpry: { file: 'httpry', debianPackage: 'httpry' },
  ip: { file: 'ip', debianPackage: 'iproute2' },
  libc: { file: '/usr/include/stdio.h', debianPackage: 'libc6-dev' },
  libpcap: { file: '/usr/include/pcap/pcap.h', debianPackage: 'libpcap-dev' },
  nginx: { file: 'nginx', debianPackage: 'nginx-light' },
  tc: { file: 'tc', debianPackage: 'iproute2' },
  tcpdump: { file: 'tcpdump', debianPackage: 'tcpdump' },
  tshark: { file: 'tshark', debianPackage: 'tshark' },
  wrk: { file: 'wrk', debianPackage: 'wrk' },
} as const;
export type ToolName = keyof typeof TOOLS;

/** Tools that are neither here nor installable; the message names each, the reason and the cure. */
export class MissingToolError extends Error {
  constructor(
    readonly missing: readonly ToolName[],
    reason: string,
  ) {
    const packages = [...new Set(missing.map((name) => TOOLS[name].debianPackage))].join(' ');
    super(`missing: ${missing.join(', ')} (${reason}). Install with: apt-get install ${packages}`);
    this.name = 'MissingToolError';
  }
}

/** The absolute path of a tool (for a library: of its header), or `null`. Looks in sbin too, which PATH may lack. */
export function findTool(name: ToolName): string | null {
  const { file } = TOOLS[name];
  if (file.startsWith('/')) return existsSync(file) ? file : null;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, file);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Finds the tools, installs those that are missing, and gives each one's path. Throws MissingToolError. */
export function ensureTools<Name extends ToolName>(names: readonly Name[]): Record<Name, string> {
  const missing = names.filter((name) => findTool(name) === null);
  if (missing.length > 0) installTools(missing);
  return Object.fromEntries(names.map((name) => [name, findTool(name)])) as Record<Name, string>;
}

/** Why this machine cannot have a mirror port between namespaces, or `null` where it can. */
export function explainMissingSpan(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces and packet capture need root';
  ensureTools(['ip', 'tc', 'ethtool', 'tcpdump']);
  // In a namespace of its own that ends with the command: the kernel may lack veth, clsact, u32 or mirred.
  const probe = spawnSync(
    'unshare',
    [
      '--net',
      'sh',
      '-c',
      'ip link add probe0 type veth peer name probe1 && tc qdisc add dev probe0 clsact && tc filter add dev probe0 ' +
        'egress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev probe1',
    ],
    { encoding: 'utf8' },
  );
  if (probe.status === 0) return null;
  const reason = probe.error?.message ?? probe.stderr.trim();
  return `the kernel cannot mirror between namespaces: ${reason.split('\n').at(-1)}`;
}

const POLICY_FILE = '/usr/sbin/policy-rc.d';

function installTools(missing: readonly ToolName[]): void {
  if (findExecutable('apt-get') === null) throw new MissingToolError(missing, 'no apt-get on this system');
  if (process.getuid?.() !== 0) throw new MissingToolError(missing, 'installing needs root');
  const packages = [...new Set(missing.map((name) => TOOLS[name].debianPackage))];
  // A server package would start its service; Debian asks this file first.
  const isPolicyOurs = !existsSync(POLICY_FILE);
  if (isPolicyOurs) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    runApt(['update', '-q'], missing);
    runApt(['install', '-q', '-y', '--no-install-recommends', ...packages], missing);
  } finally {
    if (isPolicyOurs) rmSync(POLICY_FILE, { force: true });
  }
  const still = missing.filter((name) => findTool(name) === null);
  if (still.length > 0) throw new MissingToolError(still, 'the packages are installed but do not have them');
}

function runApt(args: readonly string[], missing: readonly ToolName[]): void {
  const run = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (run.status === 0) return;
  const reason = run.error?.message ?? run.stderr.trim().split('\n').at(-1);
  throw new MissingToolError(missing, `apt-get ${args[0]} failed: ${reason}`);
}

function findExecutable(file: string): string | null {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', file], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : null;
}
