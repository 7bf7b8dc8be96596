//! Entries put into `ConfigMap`s that others write to as well.

use std::collections::BTreeMap;

use access::{ConfigMap, Expiry, Facts, OWNED, Options, RenderTarget, render};
use insta::assert_snapshot;
use proptest::prelude::*;

use super::{around, good, now};
use crate::Dump;

const FILE: &str = "\
- name: developers
  users: [alice]
  roles: [{name: Deployer, username: 'deploy:{{SessionName}}'}]
";

/// What eksctl made, and a person after it.
const NODES: &str = "\
# Made by eksctl. Do not touch!
- rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole   # the nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups: ['system:bootstrappers', \"system:nodes\"]
";

fn with(data: &[(&str, &str)], owned: &str) -> ConfigMap {
    let text = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    let annotations = BTreeMap::from([(OWNED.to_owned(), owned.to_owned())]);
    ConfigMap {
        resource_version: Some("17".to_owned()),
        annotations: if owned.is_empty() { BTreeMap::new() } else { annotations },
        data: data.iter().map(text).collect(),
        ..ConfigMap::default()
    }
}

fn merged_into(target: RenderTarget, groups: &str, current: ConfigMap, adopt: bool) -> Result<String, Vec<String>> {
    let name = target.shared().expect("a target that others write to");
    let facts = Facts { config_maps: Some([(name.to_owned(), current)].into()), ..Facts::default() };
    let options = Options { expiry: Expiry::Refuse, adopt };
    let rendered = render(&good(&around(groups)), &facts, now(), target, options);
    rendered.map(|rendered| rendered.text).map_err(|problems| {
        problems.into_iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect()
    })
}

/// `aws-auth` once more, as the cluster would have it after it was applied.
fn applied(text: &str) -> ConfigMap {
    let json: serde_json::Value = serde_saphyr::from_str(text).expect("YAML");
    let mut facts = Facts::default();
    let mut dump = Dump::default();
    dump.read(json.to_string().as_bytes()).expect("a ConfigMap");
    dump.add_to(&mut facts);
    assert!(facts.config_maps.is_some());
    facts.config_maps.and_then(|maps| maps.into_values().next()).expect("one")
}

#[test]
fn entries_of_others_stay_byte_for_byte() {
    let current = with(&[("mapRoles", NODES), ("mapAccounts", "- \"444455556666\"\n")], "");
    let text = merged_into(RenderTarget::AwsAuth, FILE, current, false).expect("merges");
    assert_snapshot!(text, @r#"
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: aws-auth
      namespace: kube-system
      resourceVersion: "17"
      annotations:
        cluster-auth.dev/principals: arn:aws:iam::111122223333:role/deployer,arn:aws:iam::111122223333:user/alice
    data:
      mapAccounts: |
        - "444455556666"
      mapRoles: |
        # Made by eksctl. Do not touch!
        - rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole   # the nodes
          username: system:node:{{EC2PrivateDNSName}}
          groups: ['system:bootstrappers', "system:nodes"]
        - rolearn: arn:aws:iam::111122223333:role/Deployer
          username: deploy:{{SessionName}}
          groups:
          - developers
      mapUsers: |
        - userarn: arn:aws:iam::111122223333:user/alice
          username: alice
          groups:
          - developers
    "#);
    assert!(applied(&text).data["mapRoles"].starts_with(NODES));
}

#[test]
fn what_is_ours_follows_the_file_and_the_second_time_changes_nothing() {
    let current = with(&[("mapRoles", NODES)], "");
    let first = merged_into(RenderTarget::AwsAuth, FILE, current, false).expect("merges");
    let again = merged_into(RenderTarget::AwsAuth, FILE, applied(&first), false).expect("merges");
    assert_eq!(first, again);
    // A user more, another username, and the role is gone.
    let changed = "- {name: developers, users: [{name: alice, username: al}, bob]}\n";
    let text = merged_into(RenderTarget::AwsAuth, changed, applied(&first), false).expect("merges");
    let data = applied(&text).data;
    assert_eq!(data["mapRoles"], NODES);
    assert_snapshot!(data["mapUsers"], @r"
    - userarn: arn:aws:iam::111122223333:user/alice
      username: al
      groups:
      - developers
    - userarn: arn:aws:iam::111122223333:user/bob
      username: bob
      groups:
      - developers
    ");
}

#[test]
fn a_name_with_a_comma_is_ours_again_the_next_time() {
    let file = "- {name: dev, users: ['a,b', alice, 'z,'], roles: ['ci+deploy=x,y@z.w-1']}\n";
    let first = merged_into(RenderTarget::AwsAuth, file, with(&[], ""), false).expect("merges");
    assert_eq!(merged_into(RenderTarget::AwsAuth, file, applied(&first), false), Ok(first.clone()));
    let nobody =
        merged_into(RenderTarget::AwsAuth, "- {name: dev, users: [alice]}\n", applied(&first), false).expect("merges");
    assert!(!nobody.contains("ci+deploy") && !nobody.contains("a,b"), "{nobody}");
}

#[test]
fn an_entry_of_somebody_else_is_an_error_until_it_is_adopted() {
    let theirs = "- {userarn: 'arn:aws:iam::111122223333:user/Alice', username: root, groups: [system:masters]}\n\
                  - {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob}\n";
    let current = || with(&[("mapUsers", theirs)], "");
    assert_eq!(
        merged_into(RenderTarget::AwsAuth, FILE, current(), false),
        Err(vec![
            "access.foreign-entry the cluster has an entry for arn:aws:iam::111122223333:user/alice that cluster-auth did not write"
                .to_owned()
        ])
    );
    let adopted = merged_into(RenderTarget::AwsAuth, FILE, current(), true).expect("merges");
    assert_snapshot!(applied(&adopted).data["mapUsers"], @r#"
    - {"userarn":"arn:aws:iam::111122223333:user/alice","username":"alice","groups":["developers"]}
    - {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob}
    "#);
}

#[test]
fn a_second_entry_for_ours_goes_because_it_would_count() {
    let twice = "- {rolearn: arn:aws:iam::111122223333:role/Deployer, username: 'deploy:{{SessionName}}', groups: [developers]}\n\
                 - {rolearn: arn:aws:iam::111122223333:role/DEPLOYER, username: x, groups: [system:masters]}\n";
    let text = merged_into(RenderTarget::AwsAuth, FILE, with(&[("mapRoles", twice)], ""), true).expect("merges");
    assert!(!text.contains("system:masters"), "{text}");
}

#[test]
fn what_the_reader_takes_for_another_principal_stays() {
    let others = [
        "arn:aws:iam::111122223333:role/path/Deployer",
        "arn:aws:sts::111122223333:assumed-role/Deployer/session",
        "' arn:aws:iam::111122223333:role/Deployer'",
        "arn:aws:iam::111122223333:role/*",
    ];
    for arn in others {
        let entry = format!("- {{rolearn: {arn}, username: x, groups: [system:masters]}}\n");
        for adopt in [false, true] {
            let current = with(&[("mapRoles", &entry)], "");
            let text = merged_into(RenderTarget::AwsAuth, FILE, current, adopt).expect("merges");
            assert!(applied(&text).data["mapRoles"].starts_with(&entry), "{arn}, {adopt}: {text}");
        }
    }
}

#[test]
fn what_only_our_server_takes_for_the_same_principal_is_neither_kept_nor_taken_out() {
    let config = "clusterID: c\nserver:\n  mapRoles:\n  - {rolearn: arn:aws:iam::111122223333:role/path/Deployer, username: x}\n";
    for adopt in [false, true] {
        let current = with(&[("config.yaml", config)], "");
        let problems = merged_into(RenderTarget::ConfigMap, FILE, current, adopt).expect_err("refused");
        let expected = "access.foreign-entry the cluster has an entry for arn:aws:iam::111122223333:role/path/Deployer, which cluster-auth server takes for arn:aws:iam::111122223333:role/deployer";
        assert_eq!(problems, [expected], "{adopt}");
    }
}

#[test]
fn the_authenticators_own_configuration_keeps_everything_else() {
    let current = "\
# kept
clusterID: c
server:
  port: 21362   # kept too
  mapRoles:
    - rolearn: arn:aws:iam::111122223333:role/Admin
      username: admin
      groups: [system:masters]
  mapUsers: []   # nobody yet
  mapAccounts: [\"444455556666\"]
";
    let text =
        merged_into(RenderTarget::ConfigMap, FILE, with(&[("config.yaml", current)], ""), false).expect("merges");
    assert_snapshot!(applied(&text).data["config.yaml"], @r#"
    # kept
    clusterID: c
    server:
      port: 21362   # kept too
      mapRoles:
        - rolearn: arn:aws:iam::111122223333:role/Admin
          username: admin
          groups: [system:masters]
        - rolearn: arn:aws:iam::111122223333:role/Deployer
          username: deploy:{{SessionName}}
          groups:
          - developers
      mapUsers:
      - userarn: arn:aws:iam::111122223333:user/alice
        username: alice
        groups:
        - developers   # nobody yet
      mapAccounts: ["444455556666"]
    "#);
}

#[test]
fn lists_are_put_where_they_are_missing_in_whatever_style() {
    let rows = [
        ("nothing at all", ""),
        ("no server", "clusterID: c\n"),
        ("no line end", "clusterID: c"),
        ("a server without lists", "clusterID: c\nserver:\n  port: 1\n"),
        ("nothing behind the keys", "clusterID: c\nserver:\n  mapUsers:\n  mapRoles: ~\n"),
        ("JSON", r#"{"clusterID": "c", "server": {"mapUsers": [], "port": 1}}"#),
        ("JSON without a server", r#"{"clusterID": "c"}"#),
        ("other case", "clusterid: c\nserver:\n  mapusers: []\n"),
        (
            "lists in brackets",
            "clusterID: c\nserver:\n  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/zoe', username: zoe}]\n",
        ),
    ];
    for (name, current) in rows {
        let text = merged_into(RenderTarget::ConfigMap, FILE, with(&[("config.yaml", current)], ""), false);
        let text = text.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let config = applied(&text).data["config.yaml"].clone();
        let source = document::Source::new(name, config.clone());
        let read = mapping::authenticator::read_config(&source, &mapping::authenticator::FeatureGates::default());
        let (read, problems) = read.unwrap_or_else(|problems| panic!("{name}: {problems:?}\n{config}"));
        assert!(problems.is_empty(), "{name}: {problems:?}\n{config}");
        assert_eq!(read.cluster_id.as_deref(), Some("c"), "{name}\n{config}");
        let lists = read.server.mounted_file.expect("lists");
        assert_eq!(lists.users.len(), 1 + usize::from(name == "lists in brackets"), "{name}\n{config}");
        assert_eq!(lists.roles.len(), 1, "{name}\n{config}");
        let again = merged_into(RenderTarget::ConfigMap, FILE, applied(&text), false).expect("merges");
        assert_eq!(again, text, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_not_merged_into() {
    let rows = [
        (
            "broken",
            "clusterID: c\nserver: [",
            "access.current `config.yaml` of the cluster's ConfigMap cannot be read, at line 2",
        ),
        (
            "another cluster's",
            "clusterID: other\n",
            "access.current `config.yaml` of the cluster's ConfigMap is for the cluster `other`, and this file for `c`",
        ),
        ("nobody's", "server: {}\n", "access.current `config.yaml` of the cluster's ConfigMap has no clusterID"),
        (
            "a text for a list",
            "clusterID: c\nserver: {mapUsers: x}\n",
            "access.current `config.yaml` of the cluster's ConfigMap cannot be read, at line 2, column 20: expected a list",
        ),
    ];
    for (name, current, expected) in rows {
        let problems = merged_into(RenderTarget::ConfigMap, FILE, with(&[("config.yaml", current)], ""), true);
        let problems = problems.expect_err(name);
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{name}: {problems:?}");
    }
}

/// What is in `mapUsers` behind a merge of alice into it, where alice and bob have entries of ours and zoe has not; or why not.
fn edited(text: &str) -> Result<String, String> {
    let owned = "arn:aws:iam::111122223333:user/alice,arn:aws:iam::111122223333:user/bob";
    let merged = merged_into(
        RenderTarget::AwsAuth,
        "- {name: dev, users: [alice]}\n",
        with(&[("mapUsers", text)], owned),
        false,
    );
    let text = merged.map_err(|problems| problems.join("; "))?;
    // As the cluster has it once kubectl has read what is printed.
    let source = document::Source::new("aws-auth.yaml", text);
    let documents = document::parse_manifests(&source, &document::Limits::default(), "items", |_, _| {});
    let object = documents[0].root().expect("a ConfigMap").to_json();
    Ok(object["data"]["mapUsers"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn entries_are_found_and_changed_in_whatever_style_somebody_writes() {
    const ALICE: &str = "- userarn: arn:aws:iam::111122223333:user/alice\n  username: alice\n  groups:\n  - dev\n";
    const FLOW: &str =
        "{\"userarn\":\"arn:aws:iam::111122223333:user/alice\",\"username\":\"alice\",\"groups\":[\"dev\"]}";
    let zoe = "userarn: arn:aws:iam::111122223333:user/zoe";
    let bob = "userarn: arn:aws:iam::111122223333:user/bob";
    let alice = "userarn: arn:aws:iam::111122223333:user/Alice";
    let cr = |text: &str, end: &str| text.replace('\n', end);
    let rows = [
        ("behind another", format!("- {zoe}\n"), format!("- {zoe}\n{ALICE}")),
        ("without a last line end", format!("- {zoe}"), format!("- {zoe}\n{ALICE}")),
        ("nothing, in quotes", "\"\"".to_owned(), ALICE.to_owned()),
        ("nothing, in a shell's words", "``".to_owned(), ALICE.to_owned()),
        ("nothing, as null", "null\n".to_owned(), ALICE.to_owned()),
        ("an empty list", "[]".to_owned(), ALICE.to_owned().trim_end().to_owned()),
        ("comments alone", "# nobody\n".to_owned(), format!("# nobody\n{ALICE}")),
        ("CR and LF", cr(&format!("- {bob}\n- {zoe}\n"), "\r\n"), cr(&format!("- {zoe}\n{ALICE}"), "\r\n")),
        ("CR alone", cr(&format!("- {bob}\n- {zoe}\n"), "\r"), cr(&format!("- {zoe}\n{ALICE}"), "\r")),
        ("indented", format!("   - {zoe}\n"), format!("   - {zoe}\n{}", indent(ALICE, 3))),
        ("dashes on lines of their own", format!("-\n  {bob}\n-\n  {zoe}\n"), format!("-\n  {zoe}\n{ALICE}")),
        (
            "replaced behind a dash on a line of its own",
            format!("-\n    {alice}\n    username: x\n- {zoe}\n"),
            format!("-\n{}\n- {zoe}\n", indent(ALICE, 2).trim_end().replacen("- userarn", "  userarn", 1)),
        ),
        (
            "replaced, with a comment behind the dash",
            format!("- # why\n  {alice}\n  username: x\n"),
            ALICE.replacen("- ", "- # why\n  ", 1),
        ),
        ("tabs behind colons", format!("- userarn:\tx\n- {zoe}\n"), format!("- userarn:\tx\n- {zoe}\n{ALICE}")),
        (
            "texts of lines with their indentation said",
            format!("- {bob}\n  username: |2-\n     b\n- {zoe}\n  username: |1-\n    z\n"),
            format!("- {zoe}\n  username: |1-\n    z\n{ALICE}"),
        ),
        ("a document's end", format!("---\n- {zoe}\n...\n"), format!("---\n- {zoe}\n{ALICE}...\n")),
        ("a second document", format!("- {zoe}\n---\n- {bob}\n"), format!("- {zoe}\n{ALICE}---\n- {bob}\n")),
        ("brackets", format!("[{{{zoe}}}, {{{bob}}}]"), format!("[{{{zoe}}}, {FLOW}]")),
        (
            "brackets over lines, with comments",
            format!("[\n  {{{bob}}}, # gone\n  {{{zoe}}}, # stays\n]\n"),
            format!("[\n  {{{zoe}}}, {FLOW}, # stays\n]\n"),
        ),
        ("JSON", format!("[{}]", FLOW.replace("alice", "zoe")), format!("[{}, {FLOW}]", FLOW.replace("alice", "zoe"))),
        ("braces in a list", format!("- {{{alice}, username: x}}\n- {zoe}\n"), format!("- {FLOW}\n- {zoe}\n")),
        ("an alias", format!("- &z {{{zoe}}}\n- *z\n- {{{bob}}}\n"), format!("- &z {{{zoe}}}\n- *z\n{ALICE}")),
        (
            "keys in other letters, of which the last by its bytes counts",
            "- {userarn: 'arn:aws:iam::111122223333:user/zoe', USERARN: 'arn:aws:iam::111122223333:user/bob'}\n"
                .to_owned(),
            format!(
                "- {{userarn: 'arn:aws:iam::111122223333:user/zoe', USERARN: 'arn:aws:iam::111122223333:user/bob'}}\n{ALICE}"
            ),
        ),
        (
            "merged in",
            format!("- &b\n  {zoe}\n  groups: [g]\n- <<: *b\n  {bob}\n"),
            format!("- &b\n  {zoe}\n  groups: [g]\n{ALICE}"),
        ),
        (
            "what YAML 1.1 takes for something else",
            format!("- {zoe}\n  username: yes\n  groups: [on, 012]\n"),
            format!("- {zoe}\n  username: yes\n  groups: [on, 012]\n{ALICE}"),
        ),
        ("a space that is none", format!("- {zoe}\u{a0}\n"), format!("- {zoe}\u{a0}\n{ALICE}")),
        ("a byte order mark", format!("\u{feff}- {zoe}\n"), format!("\u{feff}- {zoe}\n{ALICE}")),
    ];
    for (name, text, expected) in rows {
        assert_eq!(edited(&text), Ok(expected), "{name}");
    }
}

fn indent(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

#[test]
fn what_cannot_be_edited_safely_is_left_and_says_where() {
    let zoe = "userarn: arn:aws:iam::111122223333:user/zoe";
    let bob = "userarn: arn:aws:iam::111122223333:user/bob";
    let whose = "access.current `mapUsers` of the cluster's ConfigMap";
    let rows = [
        (
            "an anchor goes that others need",
            format!("- &b\n  {bob}\n  groups: [g]\n- <<: *b\n  {zoe}\n"),
            "cannot be edited, at line 1, column 1: nothing was changed: the file would no longer be readable after this change",
        ),
        (
            "an alias in one list",
            format!("- {zoe}\n  groups: &g [a]\n- {bob}\n  groups: *g\n- {zoe}\n  groups: *h\n"),
            "cannot be read, at line 6",
        ),
        (
            "tabs for indentation",
            format!("-\t{zoe}\n\t  username: z\n"),
            "cannot be read, at line 1, column 2: a tab where YAML",
        ),
        ("an object", format!("{{{zoe}}}"), "cannot be read, at line 1, column 1: expected a list, found a mapping"),
        ("a text", "nobody\n".to_owned(), "cannot be read, at line 1, column 1: expected a list, found text"),
    ];
    for (name, text, expected) in rows {
        let refused = edited(&text).expect_err(name);
        assert!(refused.starts_with(&format!("{whose} {expected}")), "{name}: {refused}");
    }
    // Of a map that stands in a file the place is the one there.
    let mut given = crate::Inputs::default();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: |\n    - groups: [\n    x\n";
    assert!(given.read("dump/auth.yaml", map.as_bytes()).expect("a map"));
    let mut facts = access::Facts::default();
    given.dump.add_to(&mut facts);
    let map = facts.config_maps.expect("maps").remove("aws-auth").expect("the map");
    let said = merged_into(RenderTarget::AwsAuth, "- {name: dev, users: [zoe]}\n", map, false).expect_err("refused");
    assert!(said[0].starts_with(&format!("{whose} cannot be read, at dump/auth.yaml:6: ")), "{said:?}");
    // What nobody wants to change may be as it is.
    let broken = with(&[("mapUsers", "- ["), ("mapAccounts", "{")], "");
    let merged =
        merged_into(RenderTarget::AwsAuth, "- {name: dev, roles: [Deployer]}\n", broken, false).expect("merges");
    assert_eq!(applied(&merged).data["mapUsers"], "- [");
}

#[test]
fn an_entry_in_the_other_list_counts_too() {
    // Roles are looked through first: whoever stands there under a user's ARN is let in as that.
    let roles = "- {rolearn: arn:aws:iam::111122223333:user/alice, username: root, groups: [system:masters]}\n";
    let refused =
        merged_into(RenderTarget::AwsAuth, FILE, with(&[("mapRoles", roles)], ""), false).expect_err("refused");
    assert_eq!(
        refused,
        [
            "access.foreign-entry the cluster has another entry for arn:aws:iam::111122223333:user/alice that cluster-auth did not write"
        ]
    );
    let text = merged_into(RenderTarget::AwsAuth, FILE, with(&[("mapRoles", roles)], ""), true).expect("merges");
    assert!(!text.contains("system:masters"), "{text}");
}

#[test]
fn a_configuration_is_read_as_viper_reads_it() {
    let rows = [
        ("a merge key", "clusterID: c\nx: &x\n  port: 1\nserver:\n  <<: *x\n  address: 127.0.0.1\n", Ok("")),
        (
            "an anchor that both lists have",
            "clusterID: c\nserver:\n  mapUsers: &all\n  - {userarn: 'arn:aws:iam::111122223333:user/zoe', username: z}\n  mapRoles: *all\n",
            Err(
                "cannot be edited, at line 5, column 1: nothing was changed: `server.mapRoles[1]` would become something else",
            ),
        ),
        ("a key twice", "clusterID: c\nserver: {}\nserver: {}\n", Err("cannot be read, at line 3, column 1")),
        (
            "a key twice, in other letters",
            "clusterID: c\nserver:\n  mapUsers: []\n  mapusers: []\n",
            Err("cannot be read, at line 4, column 3: `mapUsers` appears twice here with different capitalization"),
        ),
        (
            "a key of an entry twice",
            "clusterID: c\nserver:\n  mapUsers: [{userarn: a, UserARN: b}]\n",
            Err("cannot be read, at line 3, column 15: `userarn` appears twice here"),
        ),
    ];
    for (name, text, expected) in rows {
        let merged = merged_into(RenderTarget::ConfigMap, FILE, with(&[("config.yaml", text)], ""), false);
        match (merged, expected) {
            (Ok(_), Ok(_)) => {}
            (Err(said), Err(why)) => {
                let why = format!("access.current `config.yaml` of the cluster's ConfigMap {why}");
                assert!(said[0].starts_with(&why), "{name}: {said:?}");
            }
            (merged, _) => panic!("{name}: {merged:?}"),
        }
    }
}

/// An entry as somebody might write it: which user, and how.
fn somebody(user: usize, hand: usize) -> String {
    let name = ["alice", "bob", "zoe", "Zoe", "eve"][user];
    let arn = format!("arn:aws:iam::111122223333:user/{name}");
    match hand {
        0 => format!("- userarn: {arn}\n  username: {name}\n  groups: [g]\n"),
        1 => format!("- {{userarn: '{arn}', username: {name}}}\n"),
        2 => format!("-\n  userarn: {arn}\n  # why\n  username: |-\n    {name}\n"),
        3 => format!("- &a{user}\n  userarn: {arn}\n  username: {name}\n  groups: &g{user}\n  - g\n"),
        4 => format!("- &b{user} {{userarn: '{arn}', username: {name}}}\n- *b{user}\n"),
        5 => format!("- {{USERARN: x, userarn: '{arn}', Username: {name}}}\n\n"),
        6 => format!("- groups:\n    - g\n    -\n  username: \"{name}\"\n  userarn: >-\n    {arn}\n"),
        _ => "- userarn:\n- 5\n-\n# nobody\n".to_owned(),
    }
}

proptest! {
    /// Whatever somebody wrote: an edit leaves everybody else as they were and lets in the file's people as it says, or there
    /// is none.
    #[test]
    fn an_edit_means_what_was_planned(
        entries in prop::collection::vec((0_usize..5, 0_usize..8), 0..6),
        around in 0_usize..6,
        ours in 0_u8..4,
        adopt in any::<bool>(),
    ) {
        let entries: String = entries.into_iter().map(|(user, hand)| somebody(user, hand)).collect();
        let text = match around {
            0 => entries.replace('\n', "\r\n"),
            1 => format!("---\n{entries}...\n"),
            2 => entries.trim_end().to_owned(),
            3 => indent(&entries, 2),
            4 => format!("{entries}---\n- userarn: x\n"),
            _ => entries,
        };
        let arn = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
        let users = ["alice", "bob"].iter().enumerate().filter(|(at, _)| ours & (1 << at) != 0);
        let users: Vec<&str> = users.map(|(_, name)| *name).collect();
        let owned = format!("{},{}", arn("alice"), arn("bob"));
        let file = format!("- {{name: dev, users: [{}]}}\n", users.join(", "));
        let Ok(text_after) = merged_into(RenderTarget::AwsAuth, &file, with(&[("mapUsers", &text)], &owned), adopt) else {
            return Ok(());
        };
        let after = applied(&text_after).data.get("mapUsers").cloned().unwrap_or_default();
        let let_in = |text: &str| {
            let standing = |_: &str| mapping::aws_iam_authenticator::Standing::alone("f");
            let source = mapping::aws_iam_authenticator::aws_auth([("mapUsers", text)], standing, mapping::aws_iam_authenticator::Options::default());
            let user = |rule: &mapping::Rule| {
                let groups: Vec<_> = rule.groups.iter().map(|membership| membership.group.clone()).collect();
                (rule.principal.to_string(), rule.username.clone(), groups)
            };
            let mut users: Vec<_> = source.users.iter().map(user).collect();
            users.sort();
            users
        };
        let mut expected = let_in(&text);
        expected.retain(|(principal, ..)| !owned.split(',').any(|ours| ours == principal));
        expected.extend(users.iter().map(|name| (arn(name), (*name).to_owned(), vec!["dev".to_owned()])));
        expected.sort();
        prop_assert_eq!(let_in(&after), expected, "{}\n→\n{}", text, after);
    }
}

proptest! {
    /// Whatever the file said before and says now: foreign entries stay, and ours are exactly the file's.
    #[test]
    fn a_merge_after_another_is_the_merge_alone(before in 0_u8..16, after in 0_u8..16, flow in any::<bool>()) {
        let group = |members: u8| {
            let names: Vec<_> = (0..4).filter(|at| members & (1 << at) != 0).map(|at| format!("u{at}")).collect();
            format!("- {{name: developers, users: [{}], roles: [Deployer]}}\n", names.join(", "))
        };
        let foreign = "userarn: arn:aws:iam::111122223333:user/foreign";
        let users = if flow { format!("[{{{foreign}}}]") } else { format!("# theirs\n- {foreign}\n  username: x\n") };
        let current = || with(&[("mapUsers", &users), ("mapRoles", NODES)], "");
        let first = merged_into(RenderTarget::AwsAuth, &group(before), current(), false).expect("merges");
        let second = merged_into(RenderTarget::AwsAuth, &group(after), applied(&first), false).expect("merges");
        let direct = merged_into(RenderTarget::AwsAuth, &group(after), current(), false).expect("merges");
        let (second, direct) = (applied(&second), applied(&direct));
        prop_assert_eq!(&second.annotations, &direct.annotations);
        prop_assert_eq!(&second.data["mapRoles"], &direct.data["mapRoles"]);
        prop_assert!(second.data["mapUsers"].contains(foreign));
        let people = |map: &ConfigMap| {
            let list: Vec<serde_json::Value> = serde_saphyr::from_str(&map.data["mapUsers"]).expect("a list");
            let mut arns: Vec<_> = list.iter().map(|entry| entry["userarn"].as_str().expect("ARN").to_owned()).collect();
            arns.sort();
            arns
        };
        prop_assert_eq!(people(&second), people(&direct));
    }
}
