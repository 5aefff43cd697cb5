use stentor_wire::close::CloseCode;

use super::super::exposition::tests::check;
use super::*;

fn page(figures: &Figures) -> String {
    let mut page = Exposition::default();
    connections(&mut page, figures);
    messages(&mut page, figures);
    bus::bus(&mut page, figures, None);
    shards(&mut page, &figures.shards);
    turns(&mut page, figures);
    process(&mut page, 1.5, false);
    page.into_text()
}

#[test]
fn the_page_is_valid_and_has_the_names_of_the_contract_with_their_types() {
    let shard = ShardFigures { connections: 2, messages_sent: 7, ..ShardFigures::default() };
    let figures = Figures {
        rooms: 3,
        shards: vec![shard, shard],
        closed: CloseCode::ALL.iter().map(|&code| (code, 1)).collect(),
        ..Figures::default()
    };
    let page = page(&figures);
    let samples = check(&page).expect("a valid page");
    assert_eq!(samples["realtime_connections_total"], 4.0);
    assert_eq!(samples["realtime_rooms_total"], 3.0);
    assert_eq!(samples["realtime_messages_sent"], 14.0);
    assert_eq!(samples["realtime_messages_received"], 0.0);
    assert_eq!(samples["realtime_redis_publish_errors"], 0.0);
    assert_eq!(samples["realtime_connections_closed_total{code=\"1013\"}"], 1.0);
    assert_eq!(samples["realtime_connections_closed_total{code=\"1006\"}"], 0.0);
    for gauge in ["realtime_connections_total", "realtime_rooms_total"] {
        assert!(page.contains(&format!("# TYPE {gauge} gauge\n")), "{gauge}");
    }
    for counter in
        ["realtime_messages_sent", "realtime_messages_received", "realtime_redis_publish_errors"]
    {
        assert!(page.contains(&format!("# TYPE {counter} counter\n")), "{counter}");
    }
}
