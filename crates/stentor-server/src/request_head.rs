//! What every request's head must have, whatever it asks for.

use hyper::Version;
use hyper::header::{HOST, HeaderMap};

use crate::problem::{Kind, Problem};

/// RFC 9112 section 3.2: a request of HTTP/1.1 names one host. A proxy before this server that takes
/// another of two for it would let in what it was to keep out.
pub(crate) fn check(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let hosts = headers.get_all(HOST).iter().count();
    if hosts == 1 || hosts == 0 && version < Version::HTTP_11 {
        return Ok(());
    }
    let message = "a request of HTTP/1.1 has one Host, and none has two";
    Err(Problem::new(Kind::BadRequest, message))
}
