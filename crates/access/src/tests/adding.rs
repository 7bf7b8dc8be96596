//! One entry more, in whatever style the rest is written.

use std::collections::BTreeMap;

use document::Source;
use mapping::{
    Never,
    aws_iam_authenticator::{Options, Standing, aws_auth},
};
use proptest::prelude::*;

use crate::merge::{
    Shape,
    add::{Addition, Refused, Whom, add, add_to_file},
};

fn entry(who: Whom) -> Addition {
    Addition { who, username: "u:{{SessionName}}".to_owned(), groups: vec!["g".to_owned(), "on".to_owned()] }
}

fn role(name: &str) -> Addition {
    entry(Whom::Role(format!("arn:aws:iam::111122223333:role/{name}")))
}

fn user(name: &str) -> Addition {
    entry(Whom::User(format!("arn:aws:iam::111122223333:user/{name}")))
}

fn permission_set(name: &str, partition: identity::Partition) -> Addition {
    entry(Whom::PermissionSet {
        name: name.to_owned(),
        account: "111122223333".parse().expect("an account"),
        partition,
    })
}

/// The text of a key of `aws-auth` behind the change, or why there is none.
fn added(text: &str, addition: &Addition) -> Result<String, Refused> {
    let data = BTreeMap::from([(addition.list().to_owned(), text.to_owned())]);
    let added = add(Shape::AwsAuth, &data, |_| Standing::alone("aws-auth"), addition)?;
    Ok(added.data[addition.list()].clone())
}

const NEW: &str =
    "- rolearn: arn:aws:iam::111122223333:role/New\n  username: u:{{SessionName}}\n  groups:\n  - g\n  - \"on\"\n";
const OLD: &str = "- rolearn: arn:aws:iam::111122223333:role/Old\n  username: old\n  groups: [a]\n";

#[test]
fn an_entry_comes_behind_the_last_and_every_other_byte_stays() {
    let indented = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let flow = r#"{"rolearn":"arn:aws:iam::111122223333:role/New","username":"u:{{SessionName}}","groups":["g","on"]}"#;
    let old_flow = r#"{"rolearn": "arn:aws:iam::111122223333:role/Old", "username": "old", "groups": ["a"]}"#;
    let rows = [
        ("nothing", String::new(), NEW.to_owned()),
        ("quotation marks", "\"\"\n".to_owned(), NEW.to_owned()),
        ("an empty list", "[]\n".to_owned(), NEW.to_owned()),
        ("a block list", OLD.to_owned(), format!("{OLD}{NEW}")),
        ("comments", format!("# who\n{OLD}# end\n"), format!("# who\n{OLD}{NEW}# end\n")),
        ("without the last line's end", OLD.trim_end().to_owned(), format!("{OLD}{NEW}")),
        ("indented", indented(OLD), format!("{}{}", indented(OLD), indented(NEW))),
        ("an unknown field", format!("{OLD}  team: x\n"), format!("{OLD}  team: x\n{NEW}")),
        ("lines that end as on Windows", OLD.replace('\n', "\r\n"), format!("{OLD}{NEW}").replace('\n', "\r\n")),
    ];
    for (name, text, expected) in rows {
        assert_eq!(added(&text, &role("New")).expect(name), expected, "{name}");
    }
    let json = added(&format!("[{old_flow}]"), &role("New")).expect("JSON");
    let is = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert!(json.starts_with(&format!("[{old_flow}, ")), "{json}");
    assert_eq!(is(&json), is(&format!("[{old_flow},{flow}]")));
    let set = added("", &permission_set("Dev", identity::Partition::Aws)).expect("a permission set");
    assert_eq!(
        set,
        "- sso:\n    permissionSetName: Dev\n    accountID: \"111122223333\"\n  username: u:{{SessionName}}\n  groups:\n  - g\n  - \"on\"\n"
    );
}

#[test]
fn what_is_there_or_cannot_be_read_is_refused() {
    let there = "cannot";
    let rows = [
        ("the same", OLD.to_owned(), role("Old"), there),
        ("in other letters", OLD.to_owned(), role("OLD"), there),
        ("one of two", format!("{OLD}{NEW}"), role("Old"), there),
        ("no list", "rolearn: x\n".to_owned(), role("New"), "mapRoles"),
        ("an object", "{}".to_owned(), role("New"), "mapRoles"),
        ("no YAML", "- {".to_owned(), role("New"), "mapRoles"),
        ("an entry without an ARN", "- username: x\n".to_owned(), role("New"), "rolearn"),
        ("a number for a username", OLD.replace("username: old", "username: 5"), role("New"), "username"),
        (
            "both",
            OLD.replace("username", "sso: {permissionSetName: D, accountID: '111122223333'}\n  username"),
            role("New"),
            "exclude",
        ),
    ];
    for (name, text, addition, expected) in rows {
        let refused = added(&text, &addition).expect_err(name);
        match &refused {
            Refused::There { key, username, .. } => {
                assert_eq!((key.as_str(), &**username), ("arn:aws:iam::111122223333:role/old", "old"), "{name}");
                assert_eq!(expected, there, "{name}");
            }
            other => assert!(other.to_string().contains(expected), "{name}: {other}"),
        }
    }
    // aws-iam-authenticator compares users by each letter, and would let in whoever it finds first.
    let users = "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: a, groups: [x]}\n";
    assert!(matches!(added(users, &user("Alice")), Err(Refused::There { .. })));
    let sets = "- sso: {permissionSetName: dev, accountID: '111122223333'}\n  username: x\n  groups: [z]\n";
    assert!(matches!(added(sets, &permission_set("Dev", identity::Partition::Aws)), Err(Refused::There { .. })));
    assert!(added(sets, &permission_set("Dev2", identity::Partition::Aws)).is_ok());
    // A list that the entry does not go into is read as well: the program's own command reads all of them.
    let data = BTreeMap::from([("mapUsers".to_owned(), "nonsense".to_owned())]);
    let refused = add(Shape::AwsAuth, &data, |_| Standing::alone("aws-auth"), &role("New"));
    assert!(matches!(refused, Err(Refused::Unreadable(_))), "{refused:?}");
}

#[test]
fn who_is_let_in_by_nothing_is_said() {
    let rows = [
        (role("ops/New"), Some(Never::RolePath)),
        (entry(Whom::Role("junk".to_owned())), Some(Never::NotAnArn)),
        (role("New"), None),
        (permission_set("Dev", identity::Partition::AwsCn), Some(Never::SsoPartition)),
        (permission_set("Dev", identity::Partition::Aws), None),
    ];
    for (addition, expected) in rows {
        let data = BTreeMap::from([("mapRoles".to_owned(), OLD.to_owned())]);
        let added = add(Shape::AwsAuth, &data, |_| Standing::alone("aws-auth"), &addition).expect("an entry");
        assert_eq!(added.never.map(|(never, _)| never), expected, "{addition:?}");
        assert_eq!((added.place.list, added.place.index), ("mapRoles", 1));
    }
}

#[test]
fn a_file_is_edited_in_its_own_style() {
    let block = |text: &str, blanks: usize| {
        text.lines().map(|line| format!("{}{line}\n", " ".repeat(blanks))).collect::<String>()
    };
    let head = "# ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n";
    let manifest = |data: &str| format!("{head}data:\n{data}");
    let users = "  mapUsers: |\n    - {userarn: 'arn:aws:iam::111122223333:user/a', username: a, groups: [b]} # a\n";
    let rows = [
        (
            "a block",
            manifest(&format!("  mapRoles: |\n{}{users}", block(OLD, 4))),
            manifest(&format!("  mapRoles: |\n{}{}{users}", block(OLD, 4), block(NEW, 4))),
        ),
        (
            "a block without its last line's end",
            manifest(&format!("  mapRoles: |-\n{}{users}", block(OLD, 6))),
            manifest(&format!("  mapRoles: |-\n{}{}{users}", block(OLD, 6), block(NEW, 6))),
        ),
        ("no list yet", manifest(users), manifest(&format!("{users}  mapRoles: |\n{}", block(NEW, 4)))),
        (
            "nothing in the list",
            manifest(&format!("  mapRoles: ''\n{users}")),
            manifest(&format!("  mapRoles: |\n{}{users}", block(NEW, 4))),
        ),
        (
            "among other documents",
            format!("kind: Namespace\n---\n{}---\n# last\nkind: Secret\n", manifest(users)),
            format!(
                "kind: Namespace\n---\n{}---\n# last\nkind: Secret\n",
                manifest(&format!("{users}  mapRoles: |\n{}", block(NEW, 4)))
            ),
        ),
        (
            "a configuration",
            format!("clusterID: c # ours\nserver:\n  port: 1\n  mapRoles:\n{}  mapAccounts: []\n", block(OLD, 2)),
            format!(
                "clusterID: c # ours\nserver:\n  port: 1\n  mapRoles:\n{}{}  mapAccounts: []\n",
                block(OLD, 2),
                block(NEW, 2)
            ),
        ),
        (
            "a configuration in a ConfigMap",
            "kind: ConfigMap\nmetadata: {name: aws-iam-authenticator}\ndata:\n  config.yaml: |\n    clusterID: c\n"
                .to_owned(),
            format!(
                "kind: ConfigMap\nmetadata: {{name: aws-iam-authenticator}}\ndata:\n  config.yaml: |\n    clusterID: c\n    server:\n      mapRoles:\n{}",
                block(NEW, 6)
            ),
        ),
    ];
    for (name, text, expected) in rows {
        let source = Source::new("f.yaml", text);
        let (changed, _) = add_to_file(&source, &role("New")).expect(name);
        assert_eq!(changed, expected, "{name}");
    }
    for (name, text, expected) in blocks() {
        let source = Source::new("f.yaml", text);
        let (changed, added) = add_to_file(&source, &role("New")).expect(name);
        assert_eq!((changed.as_str(), added.in_quotes), (expected.as_str(), false), "{name}");
    }
    // What cannot be kept as it is written means the same all the same.
    let quoted =
        manifest("  mapRoles: \"- {rolearn: 'arn:aws:iam::111122223333:role/Old', username: o, groups: [a]}\\n\"\n");
    let (changed, added) = add_to_file(&Source::new("f.yaml", quoted), &role("New")).expect("quotes");
    assert!(changed.starts_with(head) && changed.contains("role/Old") && changed.contains("role/New"), "{changed}");
    assert_eq!(added.place.to_string(), "EKSConfigMap mapRoles[1] (f.yaml:6)");
}

/// Blocks that say their indentation, that are folded, or that stand in lists, with what becomes of them.
fn blocks() -> Vec<(&'static str, String, String)> {
    let block = |text: &str, blanks: usize| {
        text.lines().map(|line| format!("{}{line}\n", " ".repeat(blanks))).collect::<String>()
    };
    let head = "kind: ConfigMap\nmetadata: {name: aws-auth}\ndata:\n";
    let tail = "  other: x # kept\n";
    let folded = "    - rolearn: arn:aws:iam::111122223333:role/Old\n      username: old\n      groups: [a]\n";
    let in_braces = "    - {rolearn: 'arn:aws:iam::111122223333:role/Old', username: old, groups: [a]}\n";
    let list = |kind: &str, items: &str| {
        format!("apiVersion: v1\nkind: {kind}\nitems:\n- kind: Secret\n  metadata: {{name: s}}\n{items}")
    };
    let item = |kind: &str, entries: &str| {
        format!("- {kind}metadata: {{name: aws-auth}}\n  data:\n    mapRoles: |\n{entries}    mapUsers: |\n      []\n")
    };
    let in_list = |of: &str, kind: &str, entries: &str| list(of, &item(kind, entries));
    vec![
        (
            "a block that says its indentation, because its first line is indented",
            format!("{head}  mapRoles: |2\n{}{tail}", block(&block(OLD, 2), 4)),
            format!("{head}  mapRoles: |2\n{}{}{tail}", block(&block(OLD, 2), 4), block(&block(NEW, 2), 4)),
        ),
        (
            "one that says its indentation and keeps no last line's end",
            format!("{head}  mapRoles: |4- # why\n{}{tail}", block(OLD, 6)),
            format!("{head}  mapRoles: |4- # why\n{}{}{tail}", block(OLD, 6), block(NEW, 6)),
        ),
        (
            "a folded block, whose lines are indented",
            format!("{head}  mapRoles: >\n{folded}{tail}"),
            format!("{head}  mapRoles: >\n{folded}{}{tail}", block(NEW, 4)),
        ),
        (
            "a folded block with an empty line behind it",
            format!("{head}  mapRoles: >-\n{folded}\n{tail}"),
            format!("{head}  mapRoles: >-\n{folded}{}\n{tail}", block(NEW, 4)),
        ),
        (
            "a folded block whose last line begins with no blank",
            format!("{head}  mapRoles: >\n{in_braces}{tail}"),
            format!("{head}  mapRoles: >\n{in_braces}\n{}{tail}", block(NEW, 4)),
        ),
        (
            "a list of kinds",
            in_list("List", "kind: ConfigMap\n  ", &block(OLD, 6)),
            in_list("List", "kind: ConfigMap\n  ", &(block(OLD, 6) + &block(NEW, 6))),
        ),
        (
            "a list of one kind, whose objects do not say theirs",
            in_list("ConfigMapList", "", &block(OLD, 6)),
            in_list("ConfigMapList", "", &(block(OLD, 6) + &block(NEW, 6))),
        ),
        (
            "a configuration whose `server` has nothing",
            "clusterID: c\nserver: ''\nother: 1\n".to_owned(),
            format!("clusterID: c\nserver:\n  mapRoles:\n{}other: 1\n", block(NEW, 2)),
        ),
        (
            "one whose `server` has no value",
            "server:\nclusterID: c\n".to_owned(),
            format!("server:\n  mapRoles:\n{}clusterID: c\n", block(NEW, 2)),
        ),
        (
            "one whose list is an empty text",
            "clusterID: c\nserver:\n  mapRoles: \"\"\n".to_owned(),
            format!("clusterID: c\nserver:\n  mapRoles:\n{}", block(NEW, 2)),
        ),
    ]
}

#[test]
fn a_block_that_cannot_hold_the_entry_as_it_is_written_is_in_quotes_and_that_is_said() {
    // The entry comes before the comment, and of a folded block only the end is known line by line.
    let text = format!(
        "kind: ConfigMap\nmetadata: {{name: aws-auth}}\ndata:\n  mapRoles: >\n{}  other: x\n",
        "    - {rolearn: 'arn:aws:iam::111122223333:role/Old', username: old, groups: [a]}\n\n    # end\n"
    );
    let refused_or = add_to_file(&Source::new("f.yaml", text.as_str()), &role("New"));
    let (changed, added) = refused_or.expect("an entry");
    assert!(added.in_quotes && changed.contains("mapRoles: \"- {rolearn"), "{changed}");
    assert!(changed.ends_with("  other: x\n"), "{changed}");
}

#[test]
fn what_is_refused_of_a_file_is_said_with_its_line() {
    let map = "kind: ConfigMap\nmetadata: {name: aws-auth}\n";
    let rows = [
        (format!("{map}data:\n  mapRoles: [x]\n"), "f.yaml:4: data.mapRoles is not a string, but a list"),
        (format!("{map}---\n{map}"), "f.yaml:1: this and that of line 4 are ConfigMaps"),
        ("\nhello: world\n".to_owned(), "f.yaml:2: it has neither `clusterID` nor `server`"),
        ("clusterID: c\nserver: x\n".to_owned(), "f.yaml:2: `config.yaml` cannot be read: expected a mapping, found text"),
        (
            "kind: ConfigMap\nmetadata: {name: aws-iam-authenticator}\ndata:\n  config.yaml: |\n    clusterID: c\n    server: x\n"
                .to_owned(),
            "f.yaml:6: `config.yaml` cannot be read: expected a mapping, found text",
        ),
        (format!("{map}data:\n  mapRoles: |\n    - x\n"), "(f.yaml:5)"),
        ("kind: Secret\n".to_owned(), "f.yaml: it has manifests, and none is the ConfigMap"),
    ];
    for (text, expected) in rows {
        let refused = add_to_file(&Source::new("f.yaml", text.as_str()), &role("New")).expect_err(&text).to_string();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn a_file_that_is_something_else_is_refused() {
    let rows = [
        ("kind: Secret\nmetadata: {name: aws-auth}\n", "none is the ConfigMap"),
        ("kind: ConfigMap\nmetadata: {name: aws-auth, namespace: other}\n", "none is the ConfigMap"),
        ("kind: ConfigMap\nmetadata: {name: aws-auth}\n---\nkind: ConfigMap\nmetadata: {name: aws-auth}\n", "several"),
        ("kind: ConfigMap\nmetadata: {name: aws-auth}\ndata: {mapRoles: [x]}\n", "not a string"),
        ("- a\n", "mapping"),
        ("server: {mapRoles: x}\n", "does not start"),
        ("", "is empty"),
        ("# nothing yet\n", "is empty"),
        ("clusterID: c\naccount: '111122223333'\ngroups: []\n", "is an access file"),
        ("{\"mapRoles\": []}\n", "outside of `server`"),
        ("mapRoles: |\n  - rolearn: x\n", "outside of `server`"),
        ("hello: world\n", "neither `clusterID` nor `server`"),
        ("kind: ConfigMap\nmetadata: {name: aws-auth}\ndata:\n  mapRoles: *nobody\n", ""),
    ];
    for (text, expected) in rows {
        let refused = add_to_file(&Source::new("f.yaml", text), &role("New")).expect_err(text).to_string();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

/// One entry of a list as people write them.
fn an_entry() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["A", "b", "C-d", "ops/E", "*"]);
    let username = prop::sample::select(vec!["u", "'a: b'", "\"{{SessionName}}\"", "&n x", "''"]);
    let groups = prop::sample::select(vec!["[a, 'b']", "[]", "\n  - x # why\n  -   \"y\"", "[a,\n    b]"]);
    let end = prop::sample::select(vec!["", "  team: t\n", "  # comment\n", "\n", "# left\n"]);
    (name, username, groups, end).prop_map(|(name, username, groups, end)| {
        format!("- rolearn: arn:aws:iam::111122223333:role/{name}\n  username: {username}\n  groups: {groups}\n{end}")
    })
}

/// Who is let in as whom by the entries of a list.
fn people(text: &str) -> Vec<String> {
    let read = aws_auth([("mapRoles", text)], |_| Standing::alone("aws-auth"), Options::default());
    let rules = read.roles.iter().map(|rule| format!("{} {} {:?}", rule.principal, rule.username, rule.groups));
    let unused = read.unused.iter().map(|one| format!("{} {} {:?} {}", one.written, one.username, one.groups, one.why));
    rules.chain(unused).collect()
}

proptest! {
    /// Nobody who stands there already comes in as somebody else, or no more; and each line stays.
    #[test]
    fn what_was_not_ours_has_the_same_meaning(
        entries in prop::collection::vec(an_entry(), 0..5),
        indentation in 0..3_usize,
        head in prop::sample::select(vec!["", "# head\n", "---\n"]),
        is_windows in any::<bool>(),
    ) {
        let indented = |text: &str| text.lines().map(|line| format!("{}{line}\n", " ".repeat(indentation))).collect::<String>();
        let text = format!("{head}{}", indented(&entries.concat()));
        let text = if is_windows { text.replace('\n', "\r\n") } else { text };
        let changed = added(&text, &role("New")).expect("nothing that is there stands in the way");
        let mut lines = changed.lines();
        for line in text.lines() {
            prop_assert!(lines.any(|other| other == line), "{:?} is lost:\n{}", line, changed);
        }
        let (before, mut after) = (people(&text), people(&changed));
        let at = after.iter().position(|one| one.contains("role/new ")).expect("the new entry");
        after.remove(at);
        prop_assert_eq!(before, after, "{}", changed);
        // The same in a manifest, at whose lines nothing else changes either.
        let manifest = format!("kind: ConfigMap\nmetadata:\n  name: aws-auth\ndata:\n  other: |\n    x\n  mapRoles: {}\n# end\n", serde_json::json!(text));
        let (file, _) = add_to_file(&Source::new("f", manifest.as_str()), &role("New")).expect("the same");
        let is_kept = |line: &&str| line.contains("mapRoles") || file.lines().any(|other| other == *line);
        prop_assert!(manifest.lines().all(|line| is_kept(&line)), "{}", file);
    }
}
