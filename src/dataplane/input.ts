/** One thing to read frames from. Several captures are read as one, in order of time; anything else is read alone. */
export type Input =
  /** A capture file, pcap or pcapng, plain or gzip or zstd; `-` is standard input. */
  | { kind: 'capture'; path: string }
  /** A preset of synthetic demand (`demo?days=3`), its JSON text, or the path of a file with that. */
  | { kind: 'synth'; spec: string };

/** An input that could not be read, or not to its end. What came before was used, and so are the other inputs. */
export interface InputFault {
  code: 'usage' | 'unreadable';
  /** Names the input, the place in it and the cure. */
  message: string;
}

/** How far a reader has come. */
export interface Progress {
  frames: number;
  /** Bytes of those frames on the wire. */
  wireBytes: number;
  requests: number;
  /** Bytes taken from files and pipes, before decompression. */
  inputBytesRead: number;
  /** Unknown for pipes, synthetic demand and live inputs. */
  inputBytesTotal: number | null;
  /** The latest time of a frame; null before the first. */
  packetTimeMs: number | null;
  /** The packet time at which the input will be over, where that is known (synthetic demand). */
  endTimeMs: number | null;
}

/** Frames that ended under one reason; the frames of all reasons sum to those read. */
export interface FrameCount {
  reason: string;
  frames: number;
  bytes: number;
}

export interface NamedCounter {
  name: string;
  value: number;
}
