//! An HTTP client of a few lines, so that tests see what is on the wire.

use std::io::{Read, Write};

use serde_json::Value;

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.body) {
            Ok(document) => document,
            Err(error) => panic!("{error}: {self:?}"),
        }
    }

    /// `error.code` of the body.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().expect("error.code").to_owned()
    }
}

/// Sends a request and reads its answer; the socket stays open.
pub(crate) fn request(
    socket: &mut (impl Read + Write),
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body);
    socket.write_all(request.as_bytes()).expect("a pod that reads");
    read_answer(socket, method)
}

/// Reads one answer, byte for byte, so that what follows stays in the socket.
pub(crate) fn read_answer(socket: &mut impl Read, method: &str) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match socket.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&head)),
        }
    }
    let head = String::from_utf8(head).expect("a head of text");
    let mut lines = head.lines();
    let status_line = lines.next().expect("a status line");
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status: status.expect("a status"), headers, body: String::new() };
    if method != "HEAD" && answer.status != 101 && answer.status != 204 {
        let length = answer.header("content-length").expect("a length").parse().expect("a number");
        let mut body = vec![0; length];
        socket.read_exact(&mut body).expect("a whole body");
        answer.body = String::from_utf8(body).expect("a body of text");
    }
    answer
}
