// The second real server of the captures: what nginx does not do by itself (reads bodies, chunks, upgrades,
// tunnels, waits). Usage: node-server.ts PORT LOG. Logs each request in the columns of a `NAME.requests.tsv`.
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatOracleRow } from '../test/corpus/oracle.js';

const [port, logPath] = [Number(process.argv[2]), process.argv[3]!];

/** Remembers the request's addresses now (a closed socket forgets them); the result writes its log line. */
function openLogLine(request: IncomingMessage): (status: number | null, contentLength?: string) => void {
  const { socket } = request;
  const startS = (Date.now() / 1_000).toFixed(3);
  const row = {
    client_ip: socket.remoteAddress ?? '',
    client_port: String(socket.remotePort ?? ''),
    server_ip: socket.localAddress ?? '',
    server_port: String(socket.localPort ?? ''),
    version: `HTTP/${request.httpVersion}`,
    method: request.method ?? '',
    host: request.headers.host ?? '',
    target: request.url ?? '',
    request_content_length: request.headers['content-length'] ?? '',
    time_request_s: startS,
  };
  return (status, contentLength = '') => {
    const line = formatOracleRow({
      ...row,
      status: status === null ? '' : String(status),
      response_content_length: contentLength,
    });
    appendFileSync(logPath, `${line}\n`);
  };
}

function createOrigin(): Server {
  const server = createServer((request, response) => {
    const log = openLogLine(request);
    response.once('close', () => {
      const length = response.getHeader('content-length');
      log(response.headersSent ? response.statusCode : null, length === undefined ? '' : String(length));
    });
    const path = (request.url ?? '').split('?')[0];
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    request.once('end', () => {
      if (path === '/stream') {
        for (let part = 0; part < 5; part++) response.write(`part ${part} of a stream\n`.repeat(40));
        response.end();
      } else if (path === '/slow' || path === '/later') {
        setTimeout(() => response.setHeader('content-length', 3).end('ok\n'), path === '/slow' ? 20 : 400);
      } else if (path === '/decoy') {
        const body = 'GET /inside/an/answer HTTP/1.1\r\nHost: decoy\r\n\r\nHTTP/1.1 500 Decoy\r\n\r\n'.repeat(
          30,
        );
        response.setHeader('content-length', body.length).end(body);
      } else {
        const body = JSON.stringify({ bodyBytes });
        response
          .writeHead(request.method === 'POST' ? 201 : 200, { 'content-length': body.length })
          .end(body);
      }
    });
  });
  server.on('upgrade', (request, socket) => acceptUpgrade(request, socket));
  server.on('connect', (request, socket) => openTunnel(request, socket));
  return server;
}

function acceptUpgrade(request: IncomingMessage, socket: Duplex): void {
  openLogLine(request)(101);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}

function openTunnel(request: IncomingMessage, socket: Duplex): void {
  const log = openLogLine(request);
  socket.on('error', () => socket.destroy());
  const [host, originPort] = (request.url ?? '').split(':');
  if (host === 'forbidden.example') {
    log(403, '0');
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const origin: Socket = connect(Number(originPort), '127.0.0.1', () => {
    log(200);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(origin).pipe(socket);
  });
  origin.on('error', () => socket.destroy());
}

for (const host of ['0.0.0.0', '::']) {
  const server = createOrigin();
  server.listen({ port, host, ipv6Only: host === '::' });
}
setInterval(() => {}, 1 << 30);
