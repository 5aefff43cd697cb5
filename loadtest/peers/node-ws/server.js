// A broadcast server as one writes it with `ws`: what Stentor is measured beside.
// A room is a set of sockets. The text that a member sends goes unchanged to all members of its
// room, its sender too. What a socket does not take waits in this process's memory.
'use strict';

const http = require('node:http');
const { WebSocketServer, WebSocket } = require('ws');

const rooms = new Map();
const server = http.createServer((request, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

sockets.on('connection', (socket, request) => {
  const name = request.url.slice(request.url.lastIndexOf('/') + 1);
  let room = rooms.get(name);
  if (room === undefined) rooms.set(name, (room = new Set()));
  room.add(socket);

  socket.on('message', (message, isBinary) => {
    for (const member of room) {
      if (member.readyState === WebSocket.OPEN) member.send(message, { binary: isBinary });
    }
  });
  // A close follows.
  socket.on('error', () => {});
  socket.on('close', () => {
    room.delete(socket);
    if (room.size === 0 && rooms.get(name) === room) rooms.delete(name);
  });
});

server.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 });
