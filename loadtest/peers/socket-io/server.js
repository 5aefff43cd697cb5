// A broadcast server as one writes it with Socket.IO: what Stentor is measured beside.
// `join` makes a client a member of rooms and is acknowledged. `m` carries a message, which goes
// unchanged to all members of the room that it names, its sender too.
'use strict';

const http = require('node:http');
const { Server } = require('socket.io');

const server = http.createServer();
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  serveClient: false,
});

io.on('connection', (socket) => {
  socket.on('join', (rooms, joined) => {
    socket.join(rooms);
    joined();
  });
  socket.on('m', (message) => io.to(message.room).emit('m', message));
});

server.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 });
