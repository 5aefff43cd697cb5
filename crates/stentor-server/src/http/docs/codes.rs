//! The tables of codes, each code under an anchor of its own.

use serde_json::Value;

use super::html::{Page, elements, escaped};

/// How the server ends a WebSocket.
pub(super) fn put_close_codes(page: &mut Page, codes: &Value) {
    page.part("close-codes", "Close codes");
    page.put(format_args!(
        "<p>Come again where the last column says so, after a pause; otherwise something has to \
         change first.</p>\n"
    ));
    page.begin_table(&["code", "name", "what it means", "come again"]);
    for row in elements(codes) {
        let code = &row["code"];
        let label = format!("<code>{}</code>", escaped(&row["label"]));
        let again = if row["retryable"] == true { "yes" } else { "no" };
        let text = escaped(&row["description"]);
        page.row(&format!("close-{code}"), &[&format!("<b>{code}</b>"), &label, &text, again]);
    }
    page.end_table();
}

/// Why a message is refused.
pub(super) fn put_error_codes(page: &mut Page, codes: &Value) {
    page.part("error-codes", "Error codes of messages");
    page.put(format_args!(
        "<p>In <code>data.code</code> of a message of type <code>error</code>. The connection \
         stays open.</p>\n"
    ));
    page.begin_table(&["code", "what it means"]);
    for row in elements(codes) {
        let code = escaped(&row["code"]);
        let text = escaped(&row["description"]);
        page.row(&format!("error-{code}"), &[&format!("<code>{code}</code>"), &text]);
    }
    page.end_table();
}
