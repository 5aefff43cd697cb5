//! The server's side of a WebSocket, as far as the small servers of the tests need it.

use std::io::Read as _;
use std::net::TcpStream;

use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;

/// The next whole frame of a client, unmasked; `None` at the end of the stream.
pub(crate) fn next_message(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> Option<(OpCode, Vec<u8>)> {
    loop {
        if let Some((head, head_bytes)) = FrameHead::parse(bytes).ok()? {
            let end = head_bytes + usize::try_from(head.payload_bytes).ok()?;
            if bytes.len() >= end {
                let mut payload = bytes[head_bytes..end].to_vec();
                apply_mask(&mut payload, head.mask?, 0);
                bytes.drain(..end);
                return Some((head.opcode, payload));
            }
        }
        fill(stream, bytes)?;
    }
}

/// Reads on; `None` at the end of the stream.
pub(crate) fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4_096];
    let count = stream.read(&mut chunk).ok().filter(|&count| count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}

/// A frame of a server.
pub(crate) fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let payload_bytes = payload.len() as u64;
    FrameHead { fin: true, opcode, mask: None, payload_bytes }.encode(&mut out);
    out.extend_from_slice(payload);
    out
}
