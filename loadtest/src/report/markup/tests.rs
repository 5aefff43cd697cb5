use super::*;

#[test]
fn markup_in_a_text_is_spelled_out() {
    assert_eq!(
        escape("<script>alert('1' & \"2\")</script>"),
        "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;"
    );
}

#[test]
fn characters_that_xml_has_no_place_for_are_replaced() {
    assert_eq!(escape("a\u{0}b\u{1b}[2J\tc\n"), "a\u{fffd}b\u{fffd}[2J\tc\n");
    assert_eq!(plain("\u{ffff}<ü>"), "\u{fffd}<ü>");
}
