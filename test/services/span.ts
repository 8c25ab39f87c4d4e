// A real mirror port on one machine: client, server and tap in three network namespaces, joined by veth pairs, the
// server's frames of both directions mirrored to the tap by `tc mirred`. Offloads are off, so that frames are as
// they would be on a wire. Everything goes away with `remove()`, at the latest when the process ends.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The three ends of the rig. */
export type SpanEnd = 'client' | 'server' | 'tap';

/** Where the server listens; clients may use any address from `client(1)` to `client(MAX_CLIENTS)`. */
export const SPAN_ADDRESS = {
  server: '10.77.0.1',
  serverV6: 'fd77::1',
  client: (number: number) => `10.77.1.${number}`,
  clientV6: 'fd77::2',
} as const;

const MAX_CLIENTS = 40;
/** The kernel's default for a veth device. */
const MAX_GSO_SEGMENTS = 65_535;

/** What the kernel counted and what the capture holds; equal when the capture is complete. */
export interface CaptureCount {
  /** Frames in the file. */
  readonly captured: number;
  /** Frames that the kernel had no room for. */
  readonly dropped: number;
  /** Frames that the mirror port was given while capturing. */
  readonly mirrored: number;
}

export interface CaptureOptions {
  /** Buffer between kernel and file. */
  readonly bufferKib?: number;
  readonly isNanosecond?: boolean;
}

/** How frames get from the server's interface to the tap. */
export type MirrorMode = 'both' | 'client-side' | 'doubled' | 'body-gaps';

export class Span {
  static readonly #PREFIX = 'foretap-';
  readonly #children = new Set<ChildProcess>();
  readonly #onExit = () => this.remove();

  private constructor(private readonly name: string) {}

  /** Builds the rig; needs root. Rigs that a killed process left behind are removed first. */
  static create(): Span {
    removeAbandoned(Span.#PREFIX);
    const span = new Span(`${Span.#PREFIX}${process.pid}`);
    process.on('exit', span.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, exitNow);
    try {
      span.#build();
    } catch (error) {
      span.remove();
      throw error;
    }
    return span;
  }

  /** The namespace's name, for messages. */
  namespace(end: SpanEnd): string {
    return `${this.name}-${end}`;
  }

  /** Runs a command at one end to its end and gives its output; rejects on a non-zero exit code. */
  async run(end: SpanEnd, command: readonly string[], acceptedExitCodes = [0]): Promise<string> {
    const child = this.start(end, command);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('latin1');
    });
    const [exitCode] = await once(child, 'close');
    if (!acceptedExitCodes.includes(exitCode as number)) {
      throw new Error(
        `${command.join(' ')} in ${this.namespace(end)}: exit code ${exitCode}: ${stderr.trim()}`,
      );
    }
    return stdout;
  }

  /** Starts a command at one end; it is stopped with the rig, if not before. */
  start(end: SpanEnd, command: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.namespace(end), ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Records everything that reaches the tap, whole frames, from the moment the promise resolves until `stop`. */
  async capture(file: string, options: CaptureOptions = {}): Promise<{ stop(): Promise<CaptureCount> }> {
    const precision = options.isNanosecond ? ['--time-stamp-precision=nano'] : [];
    const buffer = ['-B', String(options.bufferKib ?? 16_384)];
    const command = [
      'tcpdump',
      '-i',
      'tap0',
      '-s',
      '0',
      '-n',
      '-Z',
      'root',
      ...precision,
      ...buffer,
      '-w',
      file,
    ];
    const child = this.start('tap', command);
    let stderr = '';
    const isListening = new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        stderr += chunk.toString('latin1');
        if (stderr.includes('listening on')) resolve();
      });
      child.once('close', () => reject(new Error(`tcpdump: ${stderr.trim()}`)));
    });
    await isListening;
    const before = this.#mirroredFrames();
    return {
      stop: async () => {
        const mirrored = this.#mirroredFrames() - before;
        // The kernel hands over a block that is not full only after a while.
        await sleep(1_500);
        child.kill('SIGINT');
        await once(child, 'close');
        return {
          captured: readCount(stderr, /(\d+) packets? captured/),
          dropped: readCount(stderr, /(\d+) packets? dropped by kernel/),
          mirrored,
        };
      },
    };
  }

  /** Sets what the mirror port shows; `both` from the start. */
  setMirror(mode: MirrorMode): void {
    const filter = (direction: 'ingress' | 'egress', priority: number, rest: string) =>
      this.#configure(
        'server',
        `tc filter add dev s0 ${direction} protocol all prio ${priority} u32 ${rest}`,
      );
    const action = 'action mirred egress mirror dev m0';
    const mirror = `match u32 0 0 ${mode === 'doubled' ? `${action} ${action}` : action}`;
    // Filters see what is not yet cut into segments; with one segment a piece, they see frames.
    this.#configure(
      'server',
      `ip link set dev s0 gso_max_segs ${mode === 'body-gaps' ? 1 : MAX_GSO_SEGMENTS}`,
    );
    this.#configure('server', 'tc filter del dev s0 ingress', true);
    this.#configure('server', 'tc filter del dev s0 egress', true);
    filter('ingress', 2, mirror);
    if (mode === 'client-side') return;
    // One in 16 frames of full size, by IPv4 identification, goes elsewhere: gaps in bodies, never in heads. The
    // first filter that matches ends the search.
    const gap = 'match u16 0x0580 0xff80 at 2 match u16 0x0001 0x000f at 4';
    if (mode === 'body-gaps') filter('egress', 1, `${gap} action mirred egress mirror dev hole0`);
    filter('egress', 2, mirror);
  }

  /** Sets the address that clients use from now on: of `SPAN_ADDRESS.client`. */
  setClient(number: number): void {
    const source = SPAN_ADDRESS.client(number);
    this.#configure('client', `ip route replace 10.77.0.0/16 dev c0 src ${source}`);
  }

  /** Limits what leaves the server by a token bucket that drops what does not fit: real loss, real retransmission. */
  limitServer(limit: string | null): void {
    this.#configure('server', 'tc qdisc del dev s0 root', true);
    if (limit !== null) this.#configure('server', `tc qdisc add dev s0 root tbf ${limit}`);
  }

  /** Stops every process of the rig and removes it. Safe to call twice. */
  remove(): void {
    process.off('exit', this.#onExit);
    removeNamespaces(['client', 'server', 'tap'].map((end) => `${this.name}-${end}`));
    this.#children.clear();
  }

  #build(): void {
    for (const end of ['client', 'server', 'tap'] as const) must(`ip netns add ${this.namespace(end)}`);
    const [client, server, tap] = (['client', 'server', 'tap'] as const).map((end) => this.namespace(end));
    must(`ip link add c0 netns ${client} type veth peer name s0 netns ${server}`);
    must(`ip link add m0 netns ${server} type veth peer name tap0 netns ${tap}`);
    must(`ip link add hole0 netns ${server} type veth peer name hole1 netns ${server}`);
    for (const [end, device] of [
      ['client', 'c0'],
      ['server', 's0'],
      ['server', 'm0'],
      ['tap', 'tap0'],
      ['server', 'hole0'],
      ['server', 'hole1'],
    ] as const) {
      this.#configure(end, `ethtool -K ${device} tso off gso off gro off tx off`);
      this.#configure(end, 'ip link set lo up');
      // Neighbour and router discovery of the mirror port itself would be in the capture.
      if (device !== 'c0' && device !== 's0') {
        this.#configure(end, `sysctl -q -w net.ipv6.conf.${device}.disable_ipv6=1`, true);
      }
      this.#configure(end, `ip link set ${device} up`);
    }
    this.#configure('server', `ip address add ${SPAN_ADDRESS.server}/16 dev s0`);
    this.#configure('server', `ip -6 address add ${SPAN_ADDRESS.serverV6}/64 dev s0 nodad`, true);
    this.#configure('client', `ip -6 address add ${SPAN_ADDRESS.clientV6}/64 dev c0 nodad`, true);
    for (let number = 1; number <= MAX_CLIENTS; number++) {
      this.#configure('client', `ip address add ${SPAN_ADDRESS.client(number)}/16 dev c0`);
    }
    this.#configure('server', 'tc qdisc add dev s0 clsact');
    this.setMirror('both');
  }

  #configure(end: SpanEnd, command: string, mayFail = false): void {
    must(`ip netns exec ${this.namespace(end)} ${command}`, mayFail);
  }

  #mirroredFrames(): number {
    const read = (counter: string) =>
      Number(must(`ip netns exec ${this.namespace('server')} cat /sys/class/net/m0/statistics/${counter}`));
    return read('tx_packets') + read('tx_dropped');
  }
}

function exitNow(): void {
  process.exit(130);
}

function must(command: string, mayFail = false): string {
  const [program, ...args] = command.split(' ');
  const run = spawnSync(program!, args, { encoding: 'utf8' });
  if (run.status !== 0 && !mayFail) {
    throw new Error(`${command}: ${run.error?.message ?? run.stderr.trim()}`);
  }
  return run.stdout ?? '';
}

function readCount(text: string, pattern: RegExp): number {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`tcpdump did not say how many packets: ${text.trim()}`);
  return Number(match[1]);
}

function removeNamespaces(names: readonly string[]): void {
  const pidsIn = (name: string) =>
    must(`ip netns pids ${name}`, true)
      .split('\n')
      .filter(Boolean)
      .map(Number)
      .filter((pid) => pid !== process.pid);
  for (const [signal, graceMs] of [
    ['SIGTERM', 500],
    ['SIGKILL', 200],
  ] as const) {
    const pids = names.flatMap(pidsIn);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // Ended by itself in between.
      }
    }
    const deadlineMs = Date.now() + graceMs;
    while (names.flatMap(pidsIn).length > 0 && Date.now() < deadlineMs) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
  for (const name of names) must(`ip netns delete ${name}`, true);
}

function removeAbandoned(prefix: string): void {
  const names = must('ip netns list', true)
    .split('\n')
    .map((line) => line.split(' ')[0]!)
    .filter((name) => new RegExp(`^${prefix}\\d+-(client|server|tap)$`).test(name));
  removeNamespaces(names.filter((name) => !isRunning(Number(name.split('-')[1]))));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
