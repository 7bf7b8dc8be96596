//! What a merge takes from nobody: cases as people have them.

use document::{Dialect, Limits, RenderStyle, Source, parse_as};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::entry;
use crate::{Authority, ClusterEndpoint, ExecEntry, Merged, OtherFiles, merge};

fn merging(text: &str, entry: &ExecEntry) -> Result<Merged, String> {
    let source = Source::new("config", text);
    merge(&source, &OtherFiles::default(), entry, true)
        .map_err(|problems| document::render(&source, &problems, RenderStyle::Plain))
}

/// What kubectl makes of it.
fn meaning(text: &str) -> Value {
    let read = parse_as(&Source::new("config", text), &Limits::default(), Dialect::Kubernetes).expect("readable");
    read.root.expect("not empty").to_json()
}

fn named<'a>(config: &'a Value, list: &str, name: &str) -> &'a Value {
    let mut entries = config[list].as_array().expect("a list").iter();
    entries.find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("no {name} in {list} of {config:#}"))
}

/// As kops writes it: cluster, user and context have one name; and a second context that uses both.
const ADMIN: &str = "\
apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: UEVNCg==
    server: https://api.example.com
    proxy-url: http://bastion.example.com:3128   # the way in
    tls-server-name: api.internal
  name: prod
contexts:
- context: {cluster: prod, user: prod, namespace: shop}
  name: prod
- context:
    cluster: prod
    user: prod
    namespace: kube-system
  name: breakglass
current-context: breakglass
users:
- name: prod
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
";

#[test]
fn an_administrators_certificate_proxy_and_namespace_stay() {
    let entry = ExecEntry { namespace: None, ..entry("prod") };
    let Merged { text, notes, .. } = merging(ADMIN, &entry).expect("merged");
    let (before, after) = (meaning(ADMIN), meaning(&text));
    assert_eq!(after["clusters"], before["clusters"]);
    assert_eq!(named(&after, "users", "prod"), named(&before, "users", "prod"));
    assert_eq!(named(&after, "contexts", "breakglass"), named(&before, "contexts", "breakglass"));
    let context = &named(&after, "contexts", "prod")["context"];
    assert_eq!(*context, json!({"cluster": "prod", "user": "prod-cluster-auth", "namespace": "shop"}));
    assert_eq!(named(&after, "users", "prod-cluster-auth")["user"]["exec"]["command"], "cluster-auth");
    assert!(text.contains("# the way in"), "{text}");
    assert_eq!(
        notes,
        [
            "the user prod has credentials of its own and stays as it is; the new one is called prod-cluster-auth",
            "the context prod logged in as the user prod and does as prod-cluster-auth now; `kubectl config set-context prod --user=prod` changes it back",
            "the current context was breakglass and is prod now; `kubectl config use-context breakglass` changes it back",
        ]
    );
    let again = merging(&text, &entry).expect("merged again");
    assert_eq!((again.text, again.notes.len()), (text, 1), "only the user's name is said again");
}

#[test]
fn whose_users_are_replaced() {
    let rows = [
        ("{exec: {command: cluster-auth, args: [token, -i, old]}}", true),
        ("{exec: {command: /usr/local/bin/cluster-auth, args: [token]}}", true),
        ("{}", true),
        ("{token: ''}", true),
        ("{token: secret}", false),
        ("{tokenFile: /run/token}", false),
        ("{username: a, password: b}", false),
        ("{client-certificate: a.pem, client-key: a.key}", false),
        ("{auth-provider: {name: gcp}}", false),
        ("{exec: {command: aws, args: [eks, get-token]}}", false),
        ("{exec: {command: gke-gcloud-auth-plugin}}", false),
        ("{exec: {command: cluster-auth}, client-key: a.key}", false),
    ];
    for (user, is_replaced) in rows {
        let text = format!("users:\n- name: prod\n  user: {user}\n- {{name: last, user: {{token: x}}}}\n");
        let after = meaning(&merging(&text, &entry("prod")).expect("merged").text);
        let before = meaning(&text);
        let is_same = named(&after, "users", "prod") == named(&before, "users", "prod");
        assert_eq!(is_same, !is_replaced, "{user}");
        assert_eq!(after["users"].as_array().map(Vec::len), Some(if is_replaced { 2 } else { 3 }), "{user}");
    }
}

#[test]
fn what_our_own_plugin_was_told_before_is_said() {
    let before = |rest: &str| {
        let text = format!("users: [{{name: prod, user: {{exec: {{command: cluster-auth, {rest}}}}}}}]\n");
        merging(&text, &entry("prod")).expect("merged").notes
    };
    let gets = "gets them by `AWS_PROFILE=no cluster-auth token -i prod` now";
    assert_eq!(
        before(
            "args: [token, -i, old, --role, 'arn:aws:iam::111122223333:role/Dev'], env: [{name: AWS_PROFILE, value: dev}, {name: AWS_SECRET_ACCESS_KEY, value: secret}]"
        ),
        [
            format!(
                "the user prod got its tokens by `AWS_PROFILE=dev AWS_SECRET_ACCESS_KEY=… cluster-auth token -i old --role arn:aws:iam::111122223333:role/Dev` and {gets}"
            ),
            "the user prod has another apiVersion, installHint, interactiveMode, provideClusterInfo now".to_owned(),
        ]
    );
    let same = "args: [token, -i, prod], env: [{name: AWS_PROFILE, value: 'no'}]";
    assert_eq!(
        before(&format!(
            "{same}, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, provideClusterInfo: false, installHint: 'Ask: somebody'"
        )),
        ["the user prod has another interactiveMode now"]
    );
    // Whose user it is, too.
    let text = "users: [{name: prod, user: {}}]\ncontexts: [{name: other, context: {cluster: x, user: prod}}]\n";
    assert_eq!(
        merging(text, &entry("prod")).expect("merged").notes,
        [
            "the user prod, which other uses too, had no credentials and gets its tokens by `AWS_PROFILE=no cluster-auth token -i prod` now"
        ]
    );
}

#[test]
fn a_cluster_of_that_name_that_others_use_for_another_server_stays() {
    let text = "clusters:\n- {name: prod, cluster: {server: 'https://old.example.com'}}\ncontexts:\n- {name: theirs, context: {cluster: prod, user: me}}\nusers: []\n";
    let Merged { text, notes, .. } = merging(text, &entry("prod")).expect("merged");
    let after = meaning(&text);
    assert_eq!(named(&after, "clusters", "prod")["cluster"]["server"], "https://old.example.com");
    assert_eq!(named(&after, "contexts", "prod")["context"]["cluster"], "prod-cluster-auth");
    assert!(notes[0].contains("which theirs uses"), "{notes:?}");
    // Where nobody else uses it, it is a cluster that has moved.
    let alone = "clusters:\n- {name: prod, cluster: {server: 'https://old.example.com', proxy-url: 'socks5://b:1080', tls-server-name: old.internal}}\n";
    let Merged { text, notes, .. } = merging(alone, &entry("prod")).expect("merged");
    let after = meaning(&text);
    let cluster = &named(&after, "clusters", "prod")["cluster"];
    assert_eq!(cluster["server"], "https://api.example.com");
    assert_eq!(cluster["proxy-url"], "socks5://b:1080");
    assert_eq!(cluster["tls-server-name"].as_str().unwrap_or_default(), "", "the new server has another name");
    assert!(notes[0].contains("was https://old.example.com and is https://api.example.com now"), "{notes:?}");
    let notes = notes.join("\n");
    assert!(notes.contains("the tls-server-name old.internal of its former server and has none now"), "{notes}");
    assert!(notes.contains("keeps its proxy-url socks5://b:1080"), "{notes}");
}

#[test]
fn another_authority_takes_the_place_of_what_there_was() {
    for before in
        ["certificate-authority: /etc/ca.pem", "insecure-skip-tls-verify: true", "certificate-authority-data: T0xE"]
    {
        let text =
            format!("clusters:\n- name: prod\n  cluster:\n    server: https://api.example.com\n    {before} # c\n");
        let cluster = meaning(&merging(&text, &entry("prod")).expect("merged").text)["clusters"][0]["cluster"].clone();
        assert_eq!(cluster["certificate-authority-data"], "UEVNCg==", "{before}");
        // kubectl takes an empty path for none, and refuses an authority beside not looking at it.
        assert!(cluster["certificate-authority"].as_str().unwrap_or_default().is_empty(), "{cluster:#}");
        assert!(!cluster["insecure-skip-tls-verify"].as_bool().unwrap_or_default(), "{cluster:#}");
    }
    let mut system = entry("prod");
    system.endpoint.authority = Authority::System;
    let text =
        "clusters:\n- {name: prod, cluster: {server: 'https://api.example.com', certificate-authority: ca.pem}}\n";
    assert_eq!(meaning(&merging(text, &system).expect("merged").text)["clusters"], meaning(text)["clusters"]);
}

#[test]
fn who_vouches_and_was_not_given_is_said() {
    let merge = |before: &str, endpoint: &ClusterEndpoint| {
        let text = format!("clusters:\n- {{name: prod, cluster: {{server: 'https://api.example.com', {before}}}}}\n");
        let entry = ExecEntry { endpoint: endpoint.clone(), ..entry("prod") };
        let Merged { text, notes, .. } = merging(&text, &entry).expect("merged");
        (meaning(&text)["clusters"][0]["cluster"].clone(), notes.join("\n"))
    };
    let system = ClusterEndpoint { authority: Authority::System, ..entry("prod").endpoint };
    let stays = [
        ("certificate-authority: ca.pem", "the cluster prod keeps its certificate-authority, since no other was given"),
        (
            "certificate-authority-data: T0xE",
            "the cluster prod keeps its certificate-authority-data, since no other was",
        ),
        (
            "insecure-skip-tls-verify: true",
            "the cluster prod keeps insecure-skip-tls-verify: true, so the API server's certificate is not checked",
        ),
    ];
    for (before, said) in stays {
        let (_, notes) = merge(before, &system);
        assert!(notes.contains(said), "{before}: {notes}");
    }
    for before in ["certificate-authority: ''", "insecure-skip-tls-verify: false", "proxy-url: 'http://p'"] {
        assert_eq!(merge(before, &system).1, "", "{before}");
    }
    // What is given wins, and kubectl refuses an authority beside not looking at it.
    let insecure = [("insecure-skip-tls-verify".to_owned(), json!(true))].into();
    let insecure = ClusterEndpoint { other: insecure, ..system };
    for before in ["certificate-authority: ca.pem", "certificate-authority-data: T0xE"] {
        let (cluster, notes) = merge(before, &insecure);
        let authority = ["certificate-authority", "certificate-authority-data"].map(|key| cluster[key].as_str());
        assert!(authority.iter().flatten().all(|text| text.is_empty()), "{cluster:#}");
        assert!(notes.contains("insecure-skip-tls-verify") && notes.contains("certificate-authority"), "{notes}");
    }
}

#[test]
fn an_authority_beside_not_looking_at_it_is_refused_as_kubectl_does() {
    // kubectl 1.37: "specifying a root certificates file with the insecure flag is not allowed".
    for authority in ["certificate-authority: ca.pem", "certificate-authority-data: UEVNCg=="] {
        let text = format!(
            "clusters:\n- {{name: a, cluster: {{server: 'https://a', insecure-skip-tls-verify: true, {authority}}}}}\n\
             contexts: [{{name: a, context: {{cluster: a}}}}]\n"
        );
        let refused = crate::read_cluster(&Source::new("config", text.as_str()), Some("a")).expect_err("refused");
        assert!(refused[0].message.contains("insecure-skip-tls-verify"), "{refused:?}");
    }
}

#[test]
fn line_breaks_in_base64_do_not_count_and_blanks_do() {
    // Go's encoding/base64: "\r and \n are ignored"; kubectl 1.37 on a blank: "illegal base64 data at input byte 8".
    for (data, is_read) in
        [("\"UEVN\\nCg==\\n\"", true), ("\"UEVN\\r\\nCg==\"", true), ("\"UEVN Cg==\"", false), ("\" UEVNCg==\"", false)]
    {
        let text = format!(
            "clusters:\n- {{name: a, cluster: {{server: 'https://a', certificate-authority-data: {data}}}}}\n\
             contexts: [{{name: a, context: {{cluster: a}}}}]\n"
        );
        let read = crate::read_cluster(&Source::new("config", text.as_str()), Some("a"));
        match read {
            Ok(cluster) => {
                assert_eq!((cluster.authority, is_read), (Authority::Pem("PEM\n".to_owned()), true), "{data}");
            }
            Err(problems) => assert!(!is_read, "{data}: {problems:?}"),
        }
    }
}

#[test]
fn of_a_name_that_there_is_not_those_are_said_that_there_are() {
    let text = "contexts:\n- {name: staging}\n- {name: prod-eu}\n- {name: prod-us}\n";
    let said = |text: &str, name: &str| {
        let refused = crate::read_cluster(&Source::new("config", text), Some(name)).expect_err("refused");
        (refused[0].message.clone(), refused[0].hint.clone().unwrap_or_default())
    };
    let (message, hint) = said(text, "prod-e");
    assert_eq!(message, "`contexts` has no entry prod-e");
    assert_eq!(hint, "there are: prod-eu, prod-us, staging");
    assert_eq!(said("contexts: []\n", "nope").1, "it has none");
    let many: String = (0..12).map(|at| format!("- {{name: c{at}}}\n")).collect();
    assert!(said(&format!("contexts:\n{many}"), "x").1.ends_with(", and 2 more"));
}

#[test]
fn a_name_that_stands_twice_is_said() {
    // kubectl 1.37: "error converting *[]NamedCluster into *map[string]*api.Cluster: duplicate name "prod" in list".
    let twice = ADMIN.replace("users:\n", "users:\n- name: prod\n  user: {token: t}\n");
    let refused = merging(&twice, &entry("other")).expect_err("refused");
    assert!(refused.contains("`users` has prod twice: kubectl does not load such a kubeconfig"), "{refused}");
    assert!(refused.contains("config:22:9") && refused.contains("first here"), "{refused}");
    let converted = crate::convert(&Source::new("config", twice.as_str()), "cluster-auth", "hint", |_| Ok(()));
    assert_eq!(converted.expect_err("refused").len(), 1);
    let cluster = crate::read_cluster(&Source::new("config", twice), None);
    assert_eq!(cluster.expect_err("refused").len(), 1);
    // 'duplicate name "" in list': what has no name has an empty one.
    for (first, second) in [("", ""), ("name: '', ", ""), ("", "name: null, "), ("name: ~, ", "name: '', ")] {
        let unnamed = format!("users:\n- {{{first}user: {{token: s}}}}\n- {{{second}user: {{token: t}}}}\n");
        let refused = merging(&ADMIN.replace("users:\n", &unnamed), &entry("other")).expect_err("refused");
        let said = "`users` has two entries without a name: kubectl does not load such a kubeconfig";
        assert!(refused.contains(said) && refused.contains("first here"), "{first:?} {second:?}: {refused}");
    }
    // One alone kubectl loads.
    let unnamed = ADMIN.replace("users:\n", "users:\n- {user: {token: s}}\n");
    assert!(merging(&unnamed, &entry("other")).is_ok());
}

#[test]
fn anchors_are_spoken_of_where_there_are_some() {
    let rows = [
        ("a: &x {b: 1}\nc: *x\n", true),
        ("a:\n  <<: *x\n", true),
        ("a: [&x 1]\n", true),
        ("a: b & c\nurl: https://x/?a=1&b=2\nglob: a*\n", false),
    ];
    for (text, expected) in rows {
        let hint = crate::merge::unedited(&Source::new("config", text));
        assert_eq!(hint.starts_with("anchors"), expected, "{text}");
        assert!(hint.contains("`kubectl config view --raw`"), "{hint}");
    }
}

#[test]
fn an_anchor_stays_or_nothing_is_written() {
    let text = "clusters:\n- name: one\n  cluster:\n    certificate-authority-data: &ca UEVNCg==\n    server: https://one\n- name: two\n  cluster:\n    certificate-authority-data: *ca\n    server: https://two\n";
    // The same authority: only the server changes.
    let after = meaning(&merging(text, &entry("one")).expect("merged").text);
    assert_eq!(named(&after, "clusters", "two"), named(&meaning(text), "clusters", "two"));
    assert_eq!(named(&after, "clusters", "one")["cluster"]["server"], "https://api.example.com");
    // Another one would become that of the second cluster too.
    let mut other = entry("one");
    other.endpoint.authority = Authority::Pem("OTHER\n".to_owned());
    let refused = merging(text, &other).expect_err("two clusters have it");
    assert!(refused.contains("nothing was changed") && refused.contains("clusters[1]"), "{refused}");
    assert!(refused.contains("kubectl config view --raw"), "{refused}");
}

#[test]
fn what_says_nothing_yet_keeps_its_comments_and_gets_no_current_context_unasked() {
    for text in ["", "# mine\n", "# mine", "---\n# mine\n", "\u{feff}# mine\r\n", "null\n", "# mine\nnull\n"] {
        for set_current in [false, true] {
            let source = Source::new("config", text);
            let merged = merge(&source, &OtherFiles::default(), &entry("prod"), set_current).expect("merged").text;
            let after = meaning(&merged);
            assert_eq!(after["current-context"], if set_current { json!("prod") } else { Value::Null }, "{text:?}");
            assert_eq!(named(&after, "users", "prod")["user"]["exec"]["command"], "cluster-auth", "{text:?}");
            assert!(text.contains("null") || merged.starts_with(text), "{text:?}: {merged:?}");
            assert_eq!(merged.contains('\r'), text.contains('\r'), "{text:?}");
        }
    }
}

#[test]
fn a_server_that_was_none_gets_its_place_and_leaves_its_comment() {
    let rows = ["''", "\"\"", "~", "", "|"];
    for value in rows {
        let key = format!("server: {value}");
        let text = format!("clusters:\n- name: prod\n  cluster:\n    {} # where\n    x: 1\n", key.trim_end());
        let merged = merging(&text, &entry("prod")).expect("merged");
        let server = entry("prod").endpoint.server;
        assert!(merged.text.contains(&format!("server: {server} # where\n    x: 1\n")), "{}", merged.text);
        assert_eq!(merged.notes[0], format!("the cluster prod had no server and has {server} now"));
    }
}

#[test]
fn line_ends_and_byte_order_marks_stay() {
    let text = format!("\u{feff}{}", ADMIN.replace('\n', "\r\n"));
    let merged = merging(&text, &entry("new")).expect("merged").text;
    assert!(merged.starts_with('\u{feff}'));
    assert_eq!(merged.matches('\n').count(), merged.matches("\r\n").count());
    assert_eq!(named(&meaning(&merged), "users", "new")["user"]["exec"]["command"], "cluster-auth");
}

/// An entry's body, in one of the ways in which people and programs write.
fn body(key: &str, style: usize, anchor: usize, fields: &[(&str, &str)]) -> String {
    let anchored = |at: usize| if at == 0 && anchor == 1 { "&a " } else { "" };
    match style {
        0 => {
            let lines = fields
                .iter()
                .enumerate()
                .map(|(at, (name, value))| format!("    {name}: {}{value} # c\n", anchored(at)));
            format!("  {key}:\n{}", lines.collect::<String>())
        }
        1 => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}: {value}"));
            format!("  {key}: {{{}}}\n", pairs.collect::<Vec<_>>().join(", "))
        }
        // Tabs, where YAML lets them be: between a key and its value, in front of a comment, and in flow style.
        3 => {
            let lines = fields.iter().map(|(name, value)| format!("    {name}:\t{value}\t# c\n"));
            format!("  {key}:\t\n{}", lines.collect::<String>())
        }
        4 => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}:\t{value}"));
            format!("  {key}:\t{{\t{}\t}}\n", pairs.collect::<Vec<_>>().join("\t,\t"))
        }
        _ => {
            let block = if anchor == 1 { '|' } else { '>' };
            let lines = fields.iter().map(|(name, value)| format!("    {name}: {block}-\n      {value}\n\n"));
            format!("  {key}:\n{}", lines.collect::<String>())
        }
    }
}

proptest! {
    /// Whatever the style, anchors and line ends: everything else means what it meant, or nothing is written.
    #[test]
    fn a_merge_changes_what_is_the_entrys_alone(
        styles in prop::collection::vec(0_usize..5, 6),
        anchor in 0_usize..3,
        names in prop::sample::subsequence(vec!["prod", "other", "third"], 1..=3),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        is_ours in any::<bool>(),
        new in "prod|other|new",
    ) {
        let mut text = String::from("# mine\nkind: Config\nclusters:\n");
        for (at, name) in names.iter().enumerate() {
            let server = if anchor == 2 && at > 0 { "*a".to_owned() } else { format!("https://{name}") };
            let server = if anchor == 2 && at == 0 { format!("&a {server}") } else { server };
            let style = if anchor == 2 && styles[at] == 2 { 0 } else { styles[at] };
            text.push_str(&format!("- name: {name}\n{}", body("cluster", style, anchor, &[("server", &server), ("proxy-url", "http://p")])));
        }
        text.push_str("contexts:\n");
        for (at, name) in names.iter().enumerate() {
            text.push_str(&format!("- name: {name}\n{}", body("context", styles[at + 1], 0, &[("cluster", name), ("user", name), ("namespace", "n")])));
        }
        text.push_str("users:\n");
        for (at, name) in names.iter().enumerate() {
            text.push_str(&format!("- name: {name}\n"));
            text.push_str(&if is_ours {
                "  user: {exec: {command: cluster-auth, args: [token]}}\n".to_owned()
            } else {
                body("user", styles[at + 2], 0, &[("token", "secret")])
            });
        }
        let text = text.replace('\n', line_end);
        let before = meaning(&text);
        let Ok(merged) = merging(&text, &entry(&new)) else { return Ok(()) };
        let after = meaning(&merged.text);
        for name in names.iter().filter(|name| **name != new) {
            for list in ["clusters", "contexts", "users"] {
                prop_assert_eq!(named(&after, list, name), named(&before, list, name), "{}", merged.text);
            }
        }
        for name in names.iter().filter(|_| !is_ours) {
            prop_assert_eq!(named(&after, "users", name), named(&before, "users", name), "{}", merged.text);
        }
        let context = &named(&after, "contexts", &new)["context"];
        let user = named(&after, "users", context["user"].as_str().unwrap_or_default());
        prop_assert_eq!(&user["user"]["exec"]["command"], "cluster-auth");
        let cluster = named(&after, "clusters", context["cluster"].as_str().unwrap_or_default());
        prop_assert_eq!(&cluster["cluster"]["server"], "https://api.example.com");
        let again = merging(&merged.text, &entry(&new)).map(|merged| merged.text);
        prop_assert_eq!(again.as_deref(), Ok(&*merged.text), "twice");
    }
}

/// kubectl loads each of these (`kubectl config view`, 1.37.2), as an entry whose name is empty.
#[test]
fn entries_without_a_name_stay_as_they_are() {
    for nameless in [
        "{}",
        "null",
        "{cluster: {server: 'https://x'}}",
        "{name: , user: {token: t}}",
        "{name: '', context: {user: x}}",
    ] {
        for list in ["clusters", "users", "contexts"] {
            let flow = format!("{list}: [{nameless}]\n");
            let block = format!("{list}:\n- {nameless}\n# mine\n- name: other\n");
            for text in [flow, block] {
                let merged = merging(&text, &entry("prod")).expect(&text).text;
                let (before, after) = (meaning(&text), meaning(&merged));
                let (before, after) =
                    (before[list].as_array().expect("a list"), after[list].as_array().expect("a list"));
                assert_eq!(before[..], after[..before.len()], "{text}: {merged}");
                assert_eq!(after[before.len()]["name"], "prod", "{text}: {merged}");
                let again = merging(&merged, &entry("prod")).expect(&text).text;
                assert_eq!(again, merged, "twice");
            }
        }
    }
}

#[test]
fn what_is_no_text_to_kubectl_is_not_merged_into() {
    let rows = [
        ("contexts: [{name: a, context: {cluster: c, user: u, namespace: n}}]", "namespace"),
        ("contexts: [{name: 1, context: {}}]", "name"),
        ("clusters: [{name: a, cluster: {server: 1}}]", "server"),
        ("users: [{name: a, user: {token: 123}}]", "token"),
        ("users: [{name: a, user: {exec: {command: on}}}]", "command"),
        ("users: [{name: a, user: {exec: {command: a, args: [1]}}}]", "args[0]"),
        ("current-context: yes", "current-context"),
    ];
    for (text, key) in rows {
        let refused = merging(text, &entry("prod")).expect_err(text);
        assert!(refused.contains(&format!("`{key}` is not a string to kubectl")), "{text}: {refused}");
    }
    let quoted = "contexts: [{name: '1', context: {cluster: c, user: u, namespace: 'n'}}]\ncurrent-context:\n";
    merging(quoted, &entry("prod")).expect("merged");
}

/// Each of these kubectl 1.37.2 refuses as a whole (`kubectl config view`).
#[test]
fn what_has_another_shape_to_kubectl_is_not_merged_into() {
    let user = |body: &str| format!("users: [{{name: a, user: {body}}}]");
    let exec = |body: &str| user(&format!("{{exec: {body}}}"));
    let cluster = |body: &str| format!("clusters: [{{name: a, cluster: {{server: 'https://a', {body}}}}}]");
    let rows = [
        (exec("text"), "`exec` is not a mapping"),
        (exec("{args: text}"), "`args` is not a list"),
        (exec("{env: {A: b}}"), "`env` is not a list"),
        (exec("{env: [{name: A, value: 1}]}"), "`value` is not a string"),
        (exec("{provideClusterInfo: 'no'}"), "`provideClusterInfo` is not true or false"),
        (cluster("insecure-skip-tls-verify: 'true'"), "`insecure-skip-tls-verify` is not true or false"),
        (cluster("disable-compression: 'false'"), "`disable-compression` is not true or false"),
        (cluster("certificate-authority-data: '!!'"), "`certificate-authority-data` is not base64"),
        ("preferences: x".to_owned(), "`preferences` is not a mapping"),
        ("preferences: {colors: 'yes'}".to_owned(), "`colors` is not true or false"),
        ("extensions: {a: b}".to_owned(), "`extensions` is not a list"),
        (user("{auth-provider: gcp}"), "`auth-provider` is not a mapping"),
        (user("{auth-provider: {config: {expiry: 5}}}"), "`expiry` is not a string"),
        (user("{client-key-data: '%'}"), "`client-key-data` is not base64"),
        (user("{as-groups: g}"), "`as-groups` is not a list"),
        (user("{as-user-extra: {k: v}}"), "`k` is not a list"),
        (user("token"), "`user` is not a mapping"),
    ];
    for (text, why) in rows {
        let refused = merging(&text, &entry("prod")).expect_err(&text);
        assert!(refused.contains(&format!("{why} to kubectl, which does not load")), "{text}: {refused}");
    }
    let loaded = [
        exec("{args: null, env: null, provideClusterInfo: null}"),
        cluster("certificate-authority-data: \"QUJD\\nREVG\\n\""),
        "preferences: {}".to_owned(),
        "extensions: [{name: a, extension: {b: [1]}}]".to_owned(),
        user("{unknown: {a: b}}"),
    ];
    for text in loaded {
        merging(&text, &entry("prod")).expect(&text);
    }
}

#[test]
fn commands_in_notes_quote_a_name_with_a_blank() {
    let text = "current-context: my prod\ncontexts: [{name: my prod, context: {}}]\n";
    let notes = merging(text, &entry("prod")).expect("merged").notes;
    assert!(
        notes.iter().any(|note| note.contains("`kubectl config use-context 'my prod'` changes it back")),
        "{notes:?}"
    );
}

#[test]
fn an_authority_that_is_written_otherwise_is_not_called_another_one() {
    let entry = entry("prod");
    let server = &entry.endpoint.server;
    let notes = |rest: &str| {
        let text = format!("clusters: [{{name: prod, cluster: {{server: '{server}'{rest}}}}}]\n");
        merging(&text, &entry).expect("merged").notes
    };
    assert_eq!(notes(""), ["the cluster prod had no certificate authority of its own and has one now"]);
    assert_eq!(
        notes(", certificate-authority: ca.pem"),
        ["the cluster prod had its authority in ca.pem and has it as certificate-authority-data now"]
    );
}
