// What has to be reached, as ratios within one run, and the words for what was reached. Pure.
import type { ContenderName } from './contender.js';
import type { TrafficKind } from './traffic.js';

/** What one contender cost on one kind of traffic: medians over the rounds. */
export interface Cost {
  readonly cpuMs: number;
  readonly peakMemoryKib: number;
}
export type Costs = ReadonlyMap<ContenderName, Cost>;

/** A figure of one run that must hold, and a better one to aim at. */
export interface Target {
  readonly kind: TrafficKind;
  readonly what: string;
  readonly must: number;
  readonly goal: number;
  /** Whether small figures are good. */
  readonly isCeiling: boolean;
  measure(costs: Costs): number;
}

export interface Judgement {
  readonly target: Target;
  readonly figure: number;
  /** `pass, goal`: the better one too. `loses`: slower than a peer that it has to outrun. */
  readonly word: 'pass, goal' | 'pass' | 'FAIL' | 'loses';
}

const KIB_PER_MIB = 1_024;

function overWalk(kind: TrafficKind, name: ContenderName, must: number, goal: number): Target {
  return {
    kind,
    what: `${name} ÷ walk`,
    must,
    goal,
    isCeiling: true,
    measure: (costs) => cpuMs(costs, name) / cpuMs(costs, 'walk'),
  };
}

function timesFaster(kind: TrafficKind, peer: ContenderName, must: number, goal: number): Target {
  return {
    kind,
    what: `native rows, times faster than ${peer}`,
    must,
    goal,
    isCeiling: false,
    measure: (costs) => cpuMs(costs, peer) / cpuMs(costs, 'native rows'),
  };
}

function peakMemory(kind: TrafficKind, name: ContenderName, must: number, goal: number): Target {
  return {
    kind,
    what: `${name}, peak memory MiB`,
    must,
    goal,
    isCeiling: true,
    measure: (costs) => (costs.get(name)?.peakMemoryKib ?? Number.NaN) / KIB_PER_MIB,
  };
}

export const TARGETS: readonly Target[] = [
  overWalk('A', 'native windows', 1.6, 1.2),
  overWalk('A', 'native rows', 2, 1.4),
  overWalk('B', 'native windows', 4, 2.6),
  overWalk('B', 'native rows', 6, 4),
  timesFaster('B', 'httpry', 12, 18),
  timesFaster('B', 'tshark', 80, 150),
  peakMemory('B', 'native windows', 16, 8),
  peakMemory('B', 'native rows', 16, 8),
];

/** Judges the targets of one kind of traffic. A figure that could not be taken is a FAIL. */
export function judgeTargets(kind: TrafficKind, costs: Costs): Judgement[] {
  return TARGETS.filter((target) => target.kind === kind).map((target) => {
    const figure = target.measure(costs);
    const reaches = (limit: number) => (target.isCeiling ? figure <= limit : figure >= limit);
    const isOutrun = !target.isCeiling && figure < 1;
    const word = reaches(target.goal)
      ? 'pass, goal'
      : reaches(target.must)
        ? 'pass'
        : isOutrun
          ? 'loses'
          : 'FAIL';
    return { target, figure, word };
  });
}

function cpuMs(costs: Costs, name: ContenderName): number {
  return costs.get(name)?.cpuMs ?? Number.NaN;
}
