use proptest::prelude::*;

use super::PodId;

#[test]
fn two_runs_of_one_pod_have_two_ids() {
    assert_eq!(PodId::new("web-1", 0xab).as_str(), "web-1-00000000000000ab");
    assert_ne!(PodId::new("web-1", 1), PodId::new("web-1", 2));
}

proptest! {
    #[test]
    fn whatever_the_name_the_id_is_valid(name in ".{0,80}", random: u64) {
        let id = PodId::new(&name, random);
        prop_assert_eq!(PodId::check(id.as_str()), Some(id.as_str()));
    }
}
