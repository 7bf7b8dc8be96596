//! Entries that let nobody in, and whoever asks why they are not let in.

use insta::assert_snapshot;

use super::{whole, world};
use crate::explain::{Caller, Verdict};

/// Each for somebody whom it does not let in.
const AWS_AUTH: &str = r"apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - {rolarn: 'arn:aws:iam::111122223333:role/Misspelt', username: a, groups: [devs]}
    - {rolearn: 'arn:aws:sts::111122223333:assumed-role/Session/x', username: b, groups: [devs]}
    - {rolearn: 'arn:aws:iam::11112222333:role/Eleven', username: c, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/Wild*', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/p/Path', username: d, groups: [devs]}
    - {userarn: 'arn:aws:iam::111122223333:role/Misplaced', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:instance-profile/Profile', username: d, groups: [devs]}
    - {rolearn: ' arn:aws:iam::111122223333:role/Blank', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/W?ldest', username: d, groups: [devs]}
  mapUsers: |
    - {userarm: 'arn:aws:iam::111122223333:user/ann', username: ann}
    - {userarn: 'arn:aws:iam::1111-2222-3333:user/bob', username: bob}
    - {userarn: 'arn:aws:iam::111122223333:*', username: all}
";

#[test]
fn the_entry_that_was_probably_meant_is_named_with_its_place_and_why_it_does_not_match() {
    let names = [
        "role/Misspelt",
        "role/Session",
        "role/Eleven",
        "role/Wild-1",
        "role/Path",
        "role/Misplaced",
        "role/Profile",
        "role/Blank",
        "role/Wildest",
        "user/ann",
        "user/bob",
        "user/zoe",
    ];
    let world = world(&[("aws-auth.yaml", AWS_AUTH)]);
    let mut lines = String::new();
    for name in names {
        let explanation = world.explain(Caller::of_arn(&format!("arn:aws:iam::111122223333:{name}")).expect(name));
        let Verdict::Refused(denial) = &explanation.verdict else { panic!("{name}: {:?}", explanation.verdict) };
        let near = denial.nearest.as_ref().map(|near| near.words.as_str()).unwrap_or_default();
        lines += &format!("{name}: {near}\n");
        let report = explanation.report(Some(&world));
        let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
        assert!(
            text.contains("ConfigMap kube-system/aws-auth (no entry that lets anybody in): does not name it"),
            "{text}"
        );
        assert!(text.contains(near), "{text}");
        let fix = denial.fix.as_ref().expect("what to do");
        assert!(fix.text.ends_with("of the ConfigMap kube-system/aws-auth"), "{fix:?}");
    }
    assert_snapshot!(lines, @"
    role/Misspelt: mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like it, and never matches: it has neither `rolearn` nor `sso`; its ARN stands under `rolarn`, which nobody reads there
    role/Session: mapRoles[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:7) looks like it, and never matches: it is the ARN of a session, and the role's is compared; write arn:aws:iam::111122223333:role/Session, which is for every session of the role
    role/Eleven: mapRoles[2] of ConfigMap kube-system/aws-auth (aws-auth.yaml:8) looks like it, and never matches: an AWS account has 12 digits
    role/Wild-1: mapRoles[3] of ConfigMap kube-system/aws-auth (aws-auth.yaml:9) looks like it, and never matches: wildcards are no wildcards here; write an entry for each of them
    role/Path: mapRoles[4] of ConfigMap kube-system/aws-auth (aws-auth.yaml:10) looks like it, and never matches: the ARN of a role's sessions has no path, and ARNs are compared as a whole; write arn:aws:iam::111122223333:role/Path
    role/Misplaced: mapRoles[5] of ConfigMap kube-system/aws-auth (aws-auth.yaml:11) looks like it, and never matches: it has neither `rolearn` nor `sso`; its ARN stands under `userarn`, which nobody reads there
    role/Profile: mapRoles[6] of ConfigMap kube-system/aws-auth (aws-auth.yaml:12) looks like it, and never matches: only users, roles, root and federated users log in
    role/Blank: mapRoles[7] of ConfigMap kube-system/aws-auth (aws-auth.yaml:13) looks like it, and never matches: no caller's ARN has a blank; write the ARN without blanks
    role/Wildest: mapRoles[3] of ConfigMap kube-system/aws-auth (aws-auth.yaml:9) looks like it, and never matches: wildcards are no wildcards here; write an entry for each of them
    user/ann: mapUsers[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:16) looks like it, and never matches: it has no `userarn`; its ARN stands under `userarm`, which nobody reads there
    user/bob: mapUsers[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:17) looks like it, and never matches: an AWS account has 12 digits
    user/zoe: mapUsers[2] of ConfigMap kube-system/aws-auth (aws-auth.yaml:18) looks like it, and never matches: wildcards are no wildcards here; write an entry for each of them
    ");
}

#[test]
fn what_was_read_is_not_said_to_be_unseen() {
    let list = r#"{"kind": "ConfigMapList", "apiVersion": "v1", "items": []}"#;
    let world = world(&[("list.json", list), ("aws-auth.yaml", AWS_AUTH)]);
    let explanation = world.explain(Caller::of_arn("arn:aws:iam::111122223333:role/Session").expect("somebody"));
    assert!(matches!(explanation.verdict, Verdict::NotKnown(_)), "{:?}", explanation.verdict);
    let report = explanation.report(Some(&world));
    let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(text.contains("~ nearest: mapRoles[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:7)"), "{text}");
    // Of nobody's, where nothing stands in it.
    let empty = whole(&[(
        "aws-auth.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n",
    )]);
    let explanation = empty.explain(Caller::of_arn("arn:aws:iam::111122223333:role/Session").expect("somebody"));
    let text: String =
        report::text_of(&explanation.report(Some(&empty))).iter().map(|one| one.text().to_owned()).collect();
    assert!(text.contains("there is no mapping at all"), "{text}");
}
