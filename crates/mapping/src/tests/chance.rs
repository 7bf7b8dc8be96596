//! What aws-iam-authenticator leaves to chance, and what it does not.

use identity::{Identity, Partition};

use super::{ask, identity, now, said};
use crate::{
    BackendMode, Decision, Facts, PermissionSet, Reader, Rule, RulePrincipal, RuleSource, Snapshot, Source,
    UNKNOWN_UNIQUE_ID, UniqueId, decide,
};

fn rule(principal: RulePrincipal, username: &str, groups: &[&str], index: usize) -> Rule {
    Rule {
        principal,
        written: None,
        username: username.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned().into()).collect(),
        source: RuleSource {
            mode: BackendMode::EksConfigMap,
            list: "mapRoles",
            index,
            file: "aws-auth".into(),
            line: index + 1,
        },
    }
}

fn arn(resource: &str) -> RulePrincipal {
    RulePrincipal::Arn(format!("arn:aws:iam::111122223333:{resource}"))
}

fn set(name: &str) -> RulePrincipal {
    let account = "111122223333".parse().expect("an account");
    RulePrincipal::PermissionSet(PermissionSet { account, name: name.to_owned() })
}

fn source(roles: Vec<Rule>, users: Vec<Rule>) -> Source {
    Source { roles, users, ..Source::empty(BackendMode::EksConfigMap, Reader::AwsIamAuthenticator) }
}

fn snapshot(sources: impl IntoIterator<Item = Source>) -> Snapshot {
    Snapshot::new(Partition::Aws, sources.into_iter().collect(), [])
}

#[test]
fn any_of_the_entries_that_match_may_be_taken() {
    let rows = [
        (
            "two entries for one user",
            vec![],
            vec![rule(arn("user/ann"), "a", &["x"], 0), rule(arn("user/ann"), "b", &["y"], 1)],
            "iam::111122223333:user/Ann",
            "a [x] | b [y]",
        ),
        (
            "two that come to the same",
            vec![],
            vec![rule(arn("user/ann"), "a", &["x", "y"], 0), rule(arn("user/ann"), "a", &["y", "x", "y"], 1)],
            "iam::111122223333:user/ann",
            "a [x, y]",
        ),
        (
            "two that differ in order only for this caller",
            vec![],
            vec![rule(arn("user/ann"), "ann", &[], 0), rule(arn("user/ann"), "ann{{SessionName}}", &[], 1)],
            "iam::111122223333:user/ann",
            "ann []",
        ),
        (
            "mapRoles before mapUsers, without any chance",
            vec![rule(arn("user/ann"), "in-roles", &[], 0)],
            vec![rule(arn("user/ann"), "in-users", &[], 0)],
            "iam::111122223333:user/ann",
            "in-roles []",
        ),
        (
            "an ARN and a permission set",
            vec![
                rule(arn("role/awsreservedsso_dev_0123456789abcdef"), "by-arn", &[], 0),
                rule(set("dev"), "by-set", &[], 1),
            ],
            vec![],
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/s",
            "by-arn [] | by-set []",
        ),
        (
            "a permission set and a longer one",
            vec![rule(set("dev"), "dev", &[], 0), rule(set("dev_admin"), "admin", &["system:masters"], 1)],
            vec![],
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_0123456789abcdef/s",
            "admin [system:masters] | dev []",
        ),
        (
            "a set matches whatever follows its name",
            vec![rule(set("dev"), "dev", &[], 0)],
            vec![],
            "sts::111122223333:assumed-role/awsreservedsso_dev_/s",
            "dev []",
        ),
        (
            "but not another set",
            vec![rule(set("dev"), "dev", &[], 0)],
            vec![],
            "sts::111122223333:assumed-role/AWSReservedSSO_Developers_0123456789abcdef/s",
            "mapping.none",
        ),
        (
            "one of them refuses",
            vec![rule(arn("role/r"), "r", &[], 0), rule(arn("role/r"), "system:node:{{EC2PrivateDNSName}}", &[], 1)],
            vec![],
            "sts::111122223333:assumed-role/R/somebody",
            "r [] | mapping.session-name-not-instance",
        ),
    ];
    for (name, roles, users, caller, expected) in rows {
        let snapshot = snapshot([source(roles, users)]);
        assert_eq!(said(&ask(&snapshot, &format!("arn:aws:{caller}"))), expected, "{name}");
    }
}

#[test]
fn its_answers_are_taken_as_they_are() {
    let rows = [
        ("an empty username logs in", "", &["g"][..], "sts::111122223333:assumed-role/R/s", " [g]"),
        ("a username that becomes empty", "{{SessionName}}", &[], "iam::111122223333:user/r", " []"),
        (
            "callers choose names of Kubernetes' own",
            "system:{{SessionName}}",
            &["system:{{SessionNameRaw}}"],
            "sts::111122223333:assumed-role/R/masters",
            "system:masters [system:masters]",
        ),
        (
            "groups are kept as often as they stand there",
            "r",
            &["a", "", "a"],
            "sts::111122223333:assumed-role/R/s",
            "r [a, , a]",
        ),
        (
            "whatever looks a little like an instance is one",
            "system:node:{{EC2PrivateDNSName}}",
            &[],
            "sts::111122223333:assumed-role/R/i-zzzz_ZZZ",
            r#"PrivateDnsName { instance_id: "i-zzzz_ZZZ" }"#,
        ),
        ("a caller of another partition", "r", &[], "sts::111122223333:assumed-role/R/s", "r []"),
    ];
    for (name, username, groups, caller, expected) in rows {
        let rules = vec![rule(arn("role/r"), username, groups, 0), rule(arn("user/r"), username, groups, 1)];
        let snapshot = Snapshot::new(Partition::AwsCn, vec![source(rules, vec![])], []);
        assert_eq!(said(&ask(&snapshot, &format!("arn:aws:{caller}"))), expected, "{name}");
    }
}

#[test]
fn accounts_are_asked_last_and_their_answer_is_not_looked_at() {
    let account = "111122223333".parse().expect("an account");
    let at = rule(arn("role/x"), "", &[], 0).source;
    let mut source = source(vec![rule(arn("role/r"), "admin-r", &[], 0)], vec![]);
    source.accounts = vec![(account, at)];
    source.reserved_prefixes = vec!["admin-".to_owned(), "arn:".to_owned(), String::new()];
    let snapshot = snapshot([source]);
    let rows = [
        ("sts::111122223333:assumed-role/R/s", "mapping.reserved-prefix"),
        ("sts::111122223333:assumed-role/Other/s", "arn:aws:iam::111122223333:role/Other []"),
        ("iam::111122223333:user/Ops/Ann", "arn:aws:iam::111122223333:user/Ops/Ann []"),
        ("iam::999988887777:user/Ann", "mapping.none"),
    ];
    for (caller, expected) in rows {
        assert_eq!(said(&ask(&snapshot, &format!("arn:aws:{caller}"))), expected, "{caller}");
    }
}

#[test]
fn a_unique_id_decides_where_it_is_known_and_may_decide_where_it_is_not() {
    let unique = |id: &str, resource: Option<&str>| {
        let arn = resource.map(|resource| format!("arn:aws:iam::111122223333:{resource}"));
        RulePrincipal::UniqueId(UniqueId { id: id.into(), arn })
    };
    let mut dynamic = source(
        vec![rule(unique("AROAONE", Some("role/one")), "one", &[], 0), rule(unique("AROATWO", None), "two", &[], 1)],
        vec![rule(unique("AROAONE", None), "in-users", &[], 0)],
    );
    let account: identity::AccountId = "444455556666".parse().expect("an account");
    dynamic.accounts = vec![(account, rule(arn("role/x"), "", &[], 0).source)];
    let snapshot = snapshot([dynamic]);
    let caller = |role: &str, id: &str| Identity {
        unique_id: id.to_owned(),
        ..identity(&format!("arn:aws:sts::111122223333:assumed-role/{role}/s"))
    };
    let rows = [
        ("its id and its ARN", caller("One", "AROAONE"), "one []"),
        ("its id with another ARN ends the look-up", caller("Other", "AROAONE"), "mapping.none"),
        ("an id alone", caller("Any", "AROATWO"), "two []"),
        ("an id in another case", caller("Any", "aroatwo"), "mapping.none"),
        ("nobody's id", caller("One", "AROANEW"), "mapping.none"),
        ("an id that is not known", caller("Any", UNKNOWN_UNIQUE_ID), "in-users [] | two [] | mapping.none"),
    ];
    for (name, identity, expected) in rows {
        let decision = decide(&snapshot, &identity, "A", &Facts::default(), now());
        assert_eq!(said(&decision), expected, "{name}");
    }
}

#[test]
fn what_one_source_may_leave_out_the_next_one_may_give() {
    let mut first =
        source(vec![rule(RulePrincipal::UniqueId(UniqueId { id: "AROA".into(), arn: None }), "first", &[], 0)], vec![]);
    first.mode = BackendMode::DynamicFile;
    let second = source(vec![rule(arn("role/r"), "second", &[], 0)], vec![]);
    let snapshot = snapshot([first, second]);
    let unknown =
        Identity { unique_id: UNKNOWN_UNIQUE_ID.to_owned(), ..identity("arn:aws:sts::111122223333:assumed-role/R/s") };
    let decision = decide(&snapshot, &unknown, "A", &Facts::default(), now());
    assert_eq!(said(&decision), "first [] | second []");
    let Decision::Undetermined(undetermined) = decision else { panic!("one of two") };
    assert_eq!(undetermined.users().count(), 2);
}

#[test]
fn entries_that_are_asked_are_all_named() {
    let users = vec![rule(arn("user/ann"), "a", &[], 0), rule(arn("user/ann"), "b", &[], 1)];
    let snapshot = snapshot([source(vec![], users)]);
    let asked = snapshot.ask(&identity("arn:aws:iam::111122223333:user/ann"));
    let usernames: Vec<_> = asked[0].entries.iter().filter_map(|entry| entry.username).collect();
    assert_eq!(usernames, ["a", "b"]);
    assert_eq!(asked[0].reader, Reader::AwsIamAuthenticator);
}

/// aws-iam-authenticator 0.7.18 knows the hosts of STS of one partition, and takes no token of another one's.
#[test]
fn a_server_of_one_partition_takes_nobody_of_another() {
    let of = |partition: &str| RulePrincipal::Arn(format!("arn:{partition}:iam::111122223333:user/ann"));
    let users = || vec![rule(of("aws"), "here", &[], 0), rule(of("aws-cn"), "there", &[], 1)];
    let asked = |server: Option<Partition>| {
        let snapshot = snapshot([source(vec![], users())]).of_server(server);
        ["aws", "aws-cn"].map(|of| said(&ask(&snapshot, &format!("arn:{of}:iam::111122223333:user/ann"))))
    };
    assert_eq!(asked(None), ["here []", "there []"], "it may be either's");
    assert_eq!(asked(Some(Partition::Aws)), ["here []", "mapping.other-partition"]);
    assert_eq!(asked(Some(Partition::AwsCn)), ["mapping.other-partition", "there []"]);
}
