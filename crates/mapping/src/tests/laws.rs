//! What holds for every mapping and every caller.

use proptest::prelude::*;

use super::{ask, said, snapshot};
use crate::{Refusal, catalogue};

#[test]
fn codes_are_unique_and_say_something() {
    let mut codes: Vec<_> = catalogue().map(|explanation| explanation.code).collect();
    for explanation in catalogue() {
        assert!(explanation.code.starts_with("mapping."));
        let texts = [explanation.summary, explanation.meaning, explanation.fix];
        assert!(texts.iter().all(|text| text.len() > 20), "{}", explanation.code);
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refusal::CATALOGUE.len());
}

/// A mapping of one role `R` with a username and one group.
fn role(username: &str, group: &str) -> String {
    format!("mapRoles: [{{rolearn: 'arn:aws:iam::111122223333:role/R', username: '{username}', groups: ['{group}']}}]")
}

proptest! {
    /// Whoever may assume a role chooses the session's name; STS allows these characters and 2 to 64 of them.
    #[test]
    fn no_session_name_makes_a_system_name_that_the_rule_does_not_name(
        session in "[a-zA-Z0-9+=,.@_-]{2,20}|masters|system|system-masters|kube-system",
        template in "(|x|dev:|s|system:|system:x:|system:nodes)(\\{\\{(SessionName|SessionNameRaw|AccessKeyID)\\}\\})(|:z|:masters)",
        in_username: bool,
    ) {
        let mapping = if in_username { role(&template, "g") } else { role("u", &template) };
        let decision = said(&ask(&snapshot(&mapping), &format!("arn:aws:sts::111122223333:assumed-role/R/{session}")));
        let is_system = decision.starts_with("system:") || decision.contains("[system:");
        prop_assert!(!is_system, "{template} with {session}: {decision}");
    }

    /// Names without variables are the administrator's own: they are given as they stand.
    #[test]
    fn names_without_variables_are_given_as_they_stand(name in "(system:)?[a-z:-]{1,12}", session in "[a-z@]{2,9}") {
        let decision = said(&ask(&snapshot(&role(&name, &name)), &format!("arn:aws:sts::111122223333:assumed-role/R/{session}")));
        prop_assert_eq!(decision, format!("{name} [{name}]"));
    }

    #[test]
    fn the_order_of_rules_for_different_principals_does_not_matter(
        names in prop::collection::btree_set("[a-z]{1,6}", 2..8),
        caller in "[a-z]{1,6}",
    ) {
        let rule = |name: &String| format!("- {{userarn: \"arn:aws:iam::111122223333:user/{name}\", username: u-{name}}}\n");
        let forwards = names.iter().map(rule).collect::<Vec<_>>().concat();
        let backwards = names.iter().rev().map(rule).collect::<Vec<_>>().concat();
        let arn = format!("arn:aws:iam::111122223333:user/{caller}");
        let answers = [forwards, backwards].map(|list| said(&ask(&snapshot(&format!("mapUsers:\n{list}")), &arn)));
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(answers[0] == "mapping.none", !names.contains(&caller));
    }

    #[test]
    fn the_case_of_a_users_arn_never_matters(name in "[a-zA-Z0-9+=,.@_-]{1,12}", path in "(/|/Ops/|/a/B/)", upper: bool) {
        let cased = |text: &str| if upper { text.to_uppercase() } else { text.to_lowercase() };
        let rule = format!("mapUsers: [{{userarn: '{}', username: u}}]", cased(&format!("arn:aws:iam::111122223333:user{path}{name}")));
        let answer = said(&ask(&snapshot(&rule), &format!("arn:aws:iam::111122223333:user{path}{name}")));
        prop_assert_eq!(answer, "u []");
    }

    #[test]
    fn a_permission_set_is_matched_by_its_whole_name_and_a_suffix_of_16_digits(
        set in "[A-Za-z0-9+=,.@-]{1,8}",
        more in "(|_|x|_Admin|_0123456789abcdef)",
        suffix in "[0-9a-f]{15,17}",
    ) {
        let mapping = format!("mapRoles: [{{sso: {{permissionSetName: '{set}', accountID: '111122223333'}}, username: u}}]");
        let arn = format!("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_{set}{more}_{suffix}/s");
        let expected = if more.is_empty() && suffix.len() == 16 { "u []" } else { "mapping.none" };
        prop_assert_eq!(said(&ask(&snapshot(&mapping), &arn)), expected);
    }
}
