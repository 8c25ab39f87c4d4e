// What each capture is made of: one scenario a file, with the reason why it exists. Each runs real clients against
// real servers across the mirror rig; `make-span-captures.ts` records it and keeps the servers' logs.
import { setTimeout as sleep } from 'node:timers/promises';
import { SPAN_ADDRESS, type Span } from '../test/services/index.js';
import type { RawStep } from './raw-client.js';

/** Ports of the two servers. */
export const NGINX_PORT = 80;
export const NODE_PORT = 8080;

export interface Scenario {
  /** File name without `.pcap`. */
  readonly name: string;
  /** Category of the manifest. */
  readonly category: string;
  /** Why the capture exists. */
  readonly why: string;
  /** How it was made. */
  readonly how: string;
  /** `advisory` where the mirror does not show everything that the servers' logs say; default `exact`. */
  readonly grade?: 'exact' | 'advisory';
  /** Sets the rig up before the capture starts and gives what makes the traffic. */
  prepare(span: Span): Promise<() => Promise<void>>;
  /** Undoes what `prepare` set on the rig. */
  restore?(span: Span): void;
}

const NGINX = `http://${SPAN_ADDRESS.server}`;
const NODE = `http://${SPAN_ADDRESS.server}:${NODE_PORT}`;
const DECOY = 'GET /inside/a/body HTTP/1.1\\r\\nHost: decoy\\r\\n\\r\\n'.replaceAll('\\r\\n', '\r\n');

let nextClient = 1;

async function curl(span: Span, args: readonly string[], acceptedExitCodes = [0]): Promise<void> {
  const from = args.some((arg) => arg.includes('[')) ? [] : ['--interface', SPAN_ADDRESS.client(nextClient)];
  nextClient = (nextClient % 20) + 1;
  const command = ['curl', '-s', '-o', '/dev/null', '--max-time', '20', ...from, ...args];
  await span.run('client', command, acceptedExitCodes);
}

function rawCommand(port: number, steps: readonly RawStep[]): string[] {
  const script = new URL('raw-client.ts', import.meta.url).pathname;
  const address = [SPAN_ADDRESS.client(30), SPAN_ADDRESS.server, String(port)];
  return [process.execPath, '--import', 'tsx', script, ...address, JSON.stringify(steps)];
}

/** Several URLs on one connection: curl wants an output for each. */
function together(...urls: readonly string[]): string[] {
  return urls.flatMap((url, at) => (at === 0 ? [url] : ['-o', '/dev/null', url]));
}

function direct(run: (span: Span) => Promise<void>): Scenario['prepare'] {
  return async (span) => () => run(span);
}

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${headers}\r\n`;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'keep-alive-gets',
    category: 'http1-keepalive',
    why: 'several requests on one connection, several connections and clients, query strings, 404',
    how: 'curl against nginx',
    prepare: direct(async (span) => {
      for (let client = 0; client < 3; client++) {
        const urls = ['/', '/page/a.txt', '/page/b.txt?user=7&token=secret', '/missing', '/page/a.txt'];
        await curl(span, together(...urls.map((path) => NGINX + path)));
      }
    }),
  },
  {
    name: 'post-bodies',
    category: 'http1-basic',
    why: 'request bodies with Content-Length and chunked, answers that follow them',
    how: 'curl against a Node server that reads the bodies',
    prepare: direct(async (span) => {
      await curl(span, ['--data', 'a=1&b=2', `${NODE}/form`]);
      await curl(span, ['-H', 'Expect:', '--data-binary', 'x'.repeat(20_000), `${NODE}/upload`]);
      const chunked = [
        '-H',
        'Transfer-Encoding: chunked',
        '-H',
        'Expect:',
        '--data-binary',
        'y'.repeat(9_000),
      ];
      await curl(span, [...chunked, ...together(`${NODE}/chunked`, `${NODE}/chunked/again`)]);
      await curl(span, ['-X', 'PUT', '--data', '{}', `${NODE}/item/7`]);
    }),
  },
  {
    name: 'methods',
    category: 'http1-methods',
    why: 'PUT, PATCH, DELETE, OPTIONS with a path and with *, PROPFIND',
    how: 'curl against a Node server',
    prepare: direct(async (span) => {
      for (const method of ['PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        await curl(span, ['-X', method, `${NODE}/item/${method.length}`]);
      }
      await curl(span, ['-X', 'OPTIONS', '--request-target', '*', `${NODE}/`]);
    }),
  },
  {
    name: 'head-204-304',
    category: 'http1-head',
    why: 'answers without a body although some carry Content-Length: HEAD, 204, 304',
    how: 'curl against nginx, all on one connection a client',
    prepare: direct(async (span) => {
      await curl(span, ['-I', ...together(`${NGINX}/page/b.txt`, `${NGINX}/missing`)]);
      await curl(span, together(`${NGINX}/empty`, `${NGINX}/page/a.txt`, `${NGINX}/empty`));
      const fresh = ['-H', 'If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT'];
      await curl(span, [...fresh, ...together(`${NGINX}/page/b.txt`, `${NGINX}/page/a.txt`)]);
    }),
  },
  {
    name: 'ranges-206',
    category: 'http1-206',
    why: 'partial content: one range, several (multipart), none that fits (416)',
    how: 'curl against nginx',
    prepare: direct(async (span) => {
      for (const range of ['0-99', '1000-1999,5000-5099', '-500', '900000-']) {
        await curl(span, ['-r', range, ...together(`${NGINX}/page/b.txt`, `${NGINX}/page/b.txt`)]);
      }
    }),
  },
  {
    name: 'expect-100-continue',
    category: 'http1-1xx',
    why: 'an interim 100 before the body, then the final answer: one exchange, the final status',
    how: 'curl against a Node server',
    prepare: direct(async (span) => {
      const expect = ['-H', 'Expect: 100-continue', '--data-binary', 'z'.repeat(5_000)];
      await curl(span, [...expect, ...together(`${NODE}/upload`, `${NODE}/upload/again`)]);
    }),
  },
  {
    name: 'chunked-gzip',
    category: 'http1-chunked',
    why: 'chunked answers, compressed on the fly and not, between answers with a length',
    how: 'curl --compressed against nginx, curl against a Node server',
    prepare: direct(async (span) => {
      const urls = ['/page/words.txt', '/page/a.txt', '/page/words.txt'].map((path) => NGINX + path);
      await curl(span, ['--compressed', ...together(...urls)]);
      await curl(span, together(`${NODE}/stream`, `${NODE}/plain`, `${NODE}/stream`));
    }),
  },
  {
    name: 'http10-until-close',
    category: 'http1-basic',
    why: 'HTTP/1.0: an answer without a length ends with its connection',
    how: 'curl --http1.0 against a Node server and nginx',
    prepare: direct(async (span) => {
      await curl(span, ['--http1.0', `${NODE}/stream`]);
      await curl(span, ['--http1.0', `${NGINX}/page/a.txt`]);
    }),
  },
  {
    name: 'request-text-in-bodies',
    category: 'http1-basic',
    why: 'bodies full of request and status lines, both ways: none of them is a request',
    how: 'curl against a Node server',
    prepare: direct(async (span) => {
      const post = ['-H', 'Expect:', '--data-binary', DECOY.repeat(60)];
      await curl(span, [...post, `${NODE}/decoy`, '--next', '-s', '-o', '/dev/null', `${NODE}/decoy`]);
    }),
  },
  {
    name: 'pipelining',
    category: 'http1-pipelined',
    why: 'twenty requests in one write, some a byte at a time, HEAD and 404 among them',
    how: 'a raw socket client against nginx',
    prepare: direct(async (span) => {
      const burst = Array.from({ length: 20 }, (_, at) => {
        const path = at % 5 === 3 ? '/missing' : `/page/a.txt?n=${at}`;
        return at % 7 === 2 ? get(path).replace('GET', 'HEAD') : get(path);
      });
      const slow = [...get('/page/b.txt')].flatMap((send): RawStep[] => [{ send }, { pauseMs: 2 }]);
      const steps: RawStep[] = [{ send: burst.join('') }, { pauseMs: 300 }, ...slow, { pauseMs: 200 }];
      await span.run('client', rawCommand(NGINX_PORT, steps));
    }),
  },
  {
    name: 'upgrade-101',
    category: 'upgrade-websocket',
    why: 'after 101 the connection is no longer HTTP, whatever its bytes look like',
    how: 'a raw socket client against a Node server that echoes',
    prepare: direct(async (span) => {
      const steps: RawStep[] = [
        { send: get('/plain') },
        { pauseMs: 100 },
        { send: get('/socket', 'Upgrade: echo\r\nConnection: Upgrade\r\n') },
        { pauseMs: 100 },
        { send: DECOY },
        { pauseMs: 100 },
        { send: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
        { pauseMs: 100 },
      ];
      await span.run('client', rawCommand(NODE_PORT, steps));
    }),
  },
  {
    name: 'connect-tunnel',
    category: 'http1-connect',
    why: 'CONNECT is one exchange; plain HTTP inside its tunnel is left alone; a refused CONNECT opens no tunnel',
    how: 'curl --proxytunnel through a Node proxy to nginx behind it',
    prepare: direct(async (span) => {
      const proxy = ['--proxytunnel', '-x', NODE];
      await curl(span, [
        ...proxy,
        ...together('http://shop.example/page/a.txt', 'http://shop.example/page/b.txt'),
      ]);
      await curl(span, [...proxy, 'http://forbidden.example/'], [56]);
    }),
  },
  {
    name: 'ipv6',
    category: 'ipv6',
    why: 'IPv6 addresses end to end, and an authority in brackets',
    how: 'curl against nginx and a Node server',
    prepare: direct(async (span) => {
      const origin = `http://[${SPAN_ADDRESS.serverV6}]`;
      await curl(span, together(`${origin}/page/a.txt`, `${origin}/page/words.txt`, `${origin}/missing`));
      await curl(span, ['--data', 'a=1', `${origin}:${NODE_PORT}/form`]);
    }),
  },
  {
    name: 'retransmissions',
    category: 'tcp-retransmission',
    why: 'segments lost behind the mirror and sent again: seen twice, counted once',
    how: 'curl against nginx behind a token bucket that drops (tc tbf)',
    prepare: async (span) => {
      span.limitServer('rate 50mbit burst 12000 limit 16000');
      return () =>
        curl(span, together(`${NGINX}/page/medium.bin`, `${NGINX}/page/a.txt`, `${NGINX}/page/a.txt`));
    },
    restore: (span) => span.limitServer(null),
  },
  {
    name: 'gaps-in-bodies',
    category: 'http1-gap',
    why: 'the mirror misses body segments of answers with a length; heads are all there',
    how: 'curl against nginx, the mirror skipping some full-size frames',
    prepare: async (span) => {
      span.setMirror('body-gaps');
      return () =>
        curl(span, together(`${NGINX}/page/large.bin`, `${NGINX}/page/a.txt`, `${NGINX}/page/a.txt`));
    },
    restore: (span) => span.setMirror('both'),
  },
  {
    name: 'span-copies',
    category: 'tcp-retransmission',
    why: 'a mirror port that shows every frame twice',
    how: 'curl against nginx and a Node server, mirrored twice',
    prepare: async (span) => {
      span.setMirror('doubled');
      return async () => {
        await curl(span, together(`${NGINX}/`, `${NGINX}/page/a.txt`, `${NGINX}/page/b.txt`));
        await curl(span, ['--data', 'a=1', ...together(`${NODE}/form`, `${NODE}/form/again`)]);
      };
    },
    restore: (span) => span.setMirror('both'),
  },
  {
    name: 'one-sided',
    category: 'http1-one-sided',
    grade: 'advisory',
    why: 'the mirror shows the clients only: requests are counted, no status is known',
    how: 'curl against nginx and a Node server, one direction mirrored; the logs know statuses that the mirror never showed',
    prepare: async (span) => {
      span.setMirror('client-side');
      return async () => {
        await curl(span, together(`${NGINX}/`, `${NGINX}/page/a.txt`, `${NGINX}/page/b.txt`));
        await curl(span, ['--data', 'a=1', ...together(`${NODE}/form`, `${NODE}/form/again`)]);
      };
    },
    restore: (span) => span.setMirror('both'),
  },
  {
    name: 'mid-stream',
    category: 'http1-midstream',
    why: 'the capture starts on an open connection, between two exchanges',
    how: 'a raw socket client against nginx, its first request before the capture',
    prepare: async (span) => {
      const steps: RawStep[] = [
        { send: get('/page/a.txt?before=1') },
        { waitForLine: true },
        { send: get('/page/b.txt') },
        { pauseMs: 100 },
        { send: get('/page/a.txt') },
        { pauseMs: 100 },
      ];
      const client = span.start('client', rawCommand(NGINX_PORT, steps));
      await sleep(1_500);
      return async () => {
        client.stdin?.write('\n');
        await new Promise((resolve) => client.once('close', resolve));
      };
    },
  },
  {
    name: 'client-leaves',
    category: 'http1-basic',
    why: 'the client closes in the middle of an answer, and before one',
    how: 'curl --max-time against nginx sending slowly, and against a slow Node server',
    prepare: direct(async (span) => {
      await curl(span, ['--max-time', '0.4', `${NGINX}/slowly/b.txt`], [28]);
      await curl(span, ['--max-time', '0.15', `${NODE}/later`], [28]);
      await curl(span, together(`${NODE}/slow`, `${NODE}/slow`));
    }),
  },
  {
    name: 'wrk-burst',
    category: 'http1-keepalive',
    why: 'a load generator: short requests back to back, the last ones cut off in flight',
    how: 'wrk for one second against a Node server that waits 20 ms',
    prepare: direct(async (span) => {
      await span.run('client', ['wrk', '-t1', '-c4', '-d1s', `${NODE}/slow`]);
    }),
  },
];
