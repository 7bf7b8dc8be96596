//! What holds for every mapping and every caller.

use proptest::prelude::*;

use super::{ask, said, snapshot};
use crate::Refusal;

#[test]
fn codes_are_unique_and_say_something() {
    let mut codes: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    assert!(
        Refusal::ALL.iter().all(|refusal| !refusal.explain().meaning.is_empty() && !refusal.explain().fix.is_empty())
    );
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refusal::ALL.len());
}

proptest! {
    /// Whoever may assume a role chooses the session's name; STS allows these characters and 2 to 64 of them.
    #[test]
    fn no_session_name_makes_a_system_name(
        session in "[a-zA-Z0-9+=,.@_-]{2,20}|masters|system-masters",
        template in "(|x|dev:|system:)(\\{\\{SessionName\\}\\}|\\{\\{SessionNameRaw\\}\\}|y)(|:z)",
    ) {
        let mapping = format!(
            "mapRoles: [{{rolearn: \"arn:aws:iam::111122223333:role/R\", username: u, groups: [\"{template}\"]}}]"
        );
        let decision = said(&ask(&snapshot(&mapping), &format!("arn:aws:sts::111122223333:assumed-role/R/{session}")));
        let literal = !template.contains("{{");
        prop_assert!(literal || !decision.contains("[system:"), "{template} with {session}: {decision}");
    }

    #[test]
    fn the_order_of_rules_for_different_principals_does_not_matter(
        names in prop::collection::btree_set("[a-z]{1,6}", 2..8),
        caller in "[a-z]{1,6}",
    ) {
        let rule = |name: &String| format!("- {{userarn: \"arn:aws:iam::111122223333:user/{name}\", username: u-{name}}}\n");
        let forwards: String = names.iter().map(rule).collect();
        let backwards: String = names.iter().rev().map(rule).collect();
        let arn = format!("arn:aws:iam::111122223333:user/{caller}");
        let answers = [forwards, backwards].map(|list| said(&ask(&snapshot(&format!("mapUsers:\n{list}")), &arn)));
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(answers[0] == "mapping.none", !names.contains(&caller));
    }
}
