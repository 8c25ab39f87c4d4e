// A client that writes exactly the bytes it is told to, for what curl does not do: pipelining, upgrades, requests
// from before the capture. Usage: raw-client.ts LOCAL_ADDRESS HOST PORT STEPS, the steps as JSON.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes to send, a pause, or waiting for a line on standard input. */
export type RawStep = { send: string } | { pauseMs: number } | { waitForLine: true };

const [localAddress, host, port, steps] = process.argv.slice(2);
const socket = connect({ localAddress: localAddress!, host: host!, port: Number(port) });
socket.setNoDelay(true);
socket.resume();
await once(socket, 'connect');
for (const step of JSON.parse(steps!) as RawStep[]) {
  if ('send' in step) socket.write(step.send);
  else if ('pauseMs' in step) await sleep(step.pauseMs);
  else await once(process.stdin, 'data');
}
socket.end();
await once(socket, 'close');
process.exit(0);
