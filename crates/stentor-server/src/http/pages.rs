//! The pages for people, and what they load.

use bytes::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue,
};
use hyper::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};

use super::answer::{Answer, text};
use crate::problem::{Kind, Problem};

/// Everything from this server, nothing from others, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A page that was made at the start.
pub(super) fn page(page: &Bytes) -> Answer {
    let mut answer = text("text/html; charset=utf-8", page.clone());
    secure(answer.headers_mut());
    answer
}

/// The file at this path.
///
/// # Errors
/// [`Kind::NotFound`] where there is none.
pub(super) fn asset(path: &str) -> Result<Answer, Problem> {
    let asset = stentor_web::asset(path)
        .ok_or_else(|| Problem::new(Kind::NotFound, "there is no such file"))?;
    let mut answer = text(asset.content_type, Bytes::from_static(asset.body));
    secure(answer.headers_mut());
    Ok(answer)
}

/// The client for browsers: pages of every origin may load it, as they may load it from elsewhere.
/// Which of them may connect is for `ALLOWED_ORIGINS` to say.
///
/// # Errors
/// As [`asset`].
pub(super) fn client() -> Result<Answer, Problem> {
    let mut answer = asset(stentor_web::CLIENT_PATH)?;
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(answer)
}

/// Headers for whatever a browser shows or runs.
pub(super) fn secure(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A new version of the server brings new files under the same names.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}
