//! The tables of codes, as the descriptions and the page show them.

use serde_json::{Value, json};
use stentor_wire::close::CloseCode;
use stentor_wire::error_code::ErrorCode;

/// How the server may end the WebSocket, and whether to come back then.
pub(super) fn close_codes() -> Value {
    let row = |code: &CloseCode| {
        json!({
            "code": code.code(),
            "label": code.label(),
            "description": code.meaning(),
            "retryable": code.is_retryable(),
        })
    };
    CloseCode::ALL.iter().map(row).collect()
}

/// Why a message may be refused.
pub(super) fn error_codes() -> Value {
    let row = |code: &ErrorCode| json!({ "code": code.as_str(), "description": code.meaning() });
    ErrorCode::ALL.iter().map(row).collect()
}
