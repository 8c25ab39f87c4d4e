// `npm run bench`: makes captures of real traffic, measures our extractor and its peers on them in turn, and judges
// the ratios. Processor time is user plus system of the whole process, as the kernel accounts it; medians of rounds.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDER_NAMES, type Contender, type ContenderName, findContenders } from './contender.js';
import {
  buildInstruments,
  countPackets,
  type Instruments,
  measureRun,
  median,
  type Run,
} from './measurement.js';
import { type Cost, judgeTargets } from './target.js';
import {
  explainMissingRig,
  provideFixture,
  provideTraffic,
  TRAFFIC_KINDS,
  type Traffic,
  type TrafficKind,
} from './traffic.js';

const USAGE = `usage: npm run bench -- [--kinds A,B] [--rounds N] [--size RATIO] [--anew] [--smoke] [--contenders NAME,…]

Makes captures of real traffic across a mirror port (into .bench/, once; needs root), measures the extractor and its
peers in turn and prints medians, ratios and whether the requests found equal the server's access log.

  --kinds    A: mixed sizes; B: small requests. Default: A,B
  --rounds   how often each contender runs; default 5
  --size     scales the number of requests; default 1 (A 112 000 requests, B 587 000)
  --anew     make the captures again
  --smoke    small captures, one round, and no judgement of speed: only whether everything runs and counts agree
  --contenders  only these, and always the walk; default: ${CONTENDER_NAMES.join(',')}
`;

const DIRECTORY = '.bench';
const FIXTURES = 'fixtures-pcap';
const SMOKE_SIZE = 0.02;

type Runs = ReadonlyMap<ContenderName, readonly Run[]>;

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** One contender after the other, then all again: what slows the machine for a while slows all of them. */
function measureRounds(
  instruments: Instruments,
  contenders: readonly Contender[],
  traffic: Traffic,
  rounds: number,
): Runs {
  const runs = new Map<ContenderName, Run[]>(contenders.map(({ name }) => [name, []]));
  measureRun(instruments, contenders[0]!.command(traffic)); // The capture is in the page cache from here on.
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      runs.get(contender.name)!.push(measureRun(instruments, contender.command(traffic)));
    }
  }
  return runs;
}

/** What it costs tshark to start, without packets to speak of; it is not part of the time that is scaled. */
function measureStart(instruments: Instruments, contender: Contender, traffic: Traffic): number {
  const limited = contender.command(traffic).map((part, at, all) => (all[at - 1] === '-c' ? '1' : part));
  return measureRun(instruments, limited).cpuMs;
}

function toCost(runs: readonly Run[], scale: number, startMs: number): Cost {
  return {
    cpuMs: startMs + (median(runs.map(({ cpuMs }) => cpuMs)) - startMs) * scale,
    peakMemoryKib: median(runs.map(({ peakMemoryKib }) => peakMemoryKib)),
  };
}

function printCosts(
  costs: ReadonlyMap<ContenderName, Cost>,
  traffic: Traffic,
  sliced: readonly string[],
): void {
  const header = ['', 'CPU ms', '× walk', 'Mpackets/s', 'Gbit/s', 'krequests/s', 'peak MiB'];
  print(header.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(12))).join(''));
  const walkMs = costs.get('walk')!.cpuMs;
  for (const [name, { cpuMs, peakMemoryKib }] of costs) {
    const cells = [
      cpuMs.toFixed(1),
      (cpuMs / walkMs).toFixed(2),
      (traffic.packets / cpuMs / 1e3).toFixed(3),
      ((traffic.bytes * 8) / cpuMs / 1e6).toFixed(2),
      (traffic.requests / cpuMs).toFixed(0),
      (peakMemoryKib / 1_024).toFixed(1),
    ];
    const mark = sliced.includes(name) ? ' *' : '';
    print(`${(name + mark).padEnd(20)}${cells.map((cell) => cell.padStart(12)).join('')}`);
  }
}

/** Prints whether each of our extractors finds what the access log has; gives the faults. */
async function checkCounts(contenders: readonly Contender[], traffic: Traffic): Promise<string[]> {
  const faults: string[] = [];
  for (const { name, countRequests } of contenders) {
    if (countRequests === undefined) continue;
    const found = await countRequests(traffic);
    const isEqual = found === traffic.requests;
    print(
      `  ${isEqual ? 'pass' : 'FAIL'}  ${name}: ${found} requests, the access log has ${traffic.requests}`,
    );
    if (!isEqual)
      faults.push(`${traffic.kind}: ${name} counts ${found} requests instead of ${traffic.requests}`);
  }
  return faults;
}

async function benchTraffic(
  instruments: Instruments,
  contenders: readonly Contender[],
  traffic: Traffic,
  rounds: number,
  isSmoke: boolean,
): Promise<string[]> {
  const { kind, packets, bytes, requests } = traffic;
  print(`\n${kind}: ${packets} packets, ${(bytes / 1e6).toFixed(0)} MB, ${requests} requests, 0 dropped`);
  const runs = measureRounds(instruments, contenders, traffic, rounds);
  const sliced = contenders.filter(
    ({ slicePackets }) => slicePackets !== undefined && slicePackets < packets,
  );
  const costs = new Map(
    contenders.map((contender) => {
      const isSliced = sliced.includes(contender);
      const scale = isSliced ? packets / contender.slicePackets! : 1;
      const startMs = isSliced ? measureStart(instruments, contender, traffic) : 0;
      return [contender.name, toCost(runs.get(contender.name)!, scale, startMs)] as const;
    }),
  );
  const slicedNames = sliced.map(({ name }) => name);
  printCosts(costs, traffic, slicedNames);
  for (const { name, slicePackets } of sliced) {
    print(
      `* ${name} read the first ${slicePackets} packets; its time, less its start, is scaled to all of them`,
    );
  }
  const faults = await checkCounts(contenders, traffic);
  if (isSmoke) return faults;
  for (const { target, figure, word } of judgeTargets(kind, costs)) {
    print(
      `  ${word.padEnd(10)}  ${target.what}: ${figure.toFixed(2)} (must ${target.must}, goal ${target.goal})`,
    );
    if (!word.startsWith('pass'))
      faults.push(`${kind}: ${target.what} is ${figure.toFixed(2)}, must be ${target.must}`);
  }
  return faults;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kinds: { type: 'string', default: TRAFFIC_KINDS.join(',') },
      rounds: { type: 'string' },
      size: { type: 'string' },
      anew: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      contenders: { type: 'string', default: CONTENDER_NAMES.join(',') },
      help: { type: 'boolean', default: false },
    },
  });
  const kinds = values.kinds.split(',') as TrafficKind[];
  const rounds = Number(values.rounds ?? (values.smoke ? 1 : 5));
  const size = Number(values.size ?? (values.smoke ? SMOKE_SIZE : 1));
  const names = ['walk', ...values.contenders.split(',')] as ContenderName[];
  const isUsable =
    kinds.every((kind) => TRAFFIC_KINDS.includes(kind)) &&
    names.every((name) => CONTENDER_NAMES.includes(name)) &&
    rounds >= 1 &&
    size > 0;
  if (values.help || !isUsable) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 2;
  }
  const instruments = buildInstruments(resolve(DIRECTORY, 'instrument'));
  const contenders = findContenders(instruments, names);
  const obstacle = values.smoke ? explainMissingRig() : null;
  if (obstacle !== null)
    print(`no captures are made here (${obstacle}): the short run takes one of ${FIXTURES}/`);
  const traffics =
    obstacle === null
      ? await provideTraffic(resolve(DIRECTORY), kinds, size, values.anew || values.smoke, print)
      : [provideFixture(resolve(FIXTURES), (path) => countPackets(instruments, path))];
  const faults: string[] = [];
  for (const traffic of traffics) {
    faults.push(...(await benchTraffic(instruments, contenders, traffic, rounds, values.smoke)));
  }
  print(faults.length === 0 ? '\npass' : `\nFAIL\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return faults.length === 0 ? 0 : 1;
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: Error) => {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(1);
  },
);
