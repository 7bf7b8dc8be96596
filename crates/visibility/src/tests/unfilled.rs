//! Logins in which another program fills something in, and those that cannot be read at all.

use document::Source;
use inventory::Inputs;

use super::now;
use crate::{
    World,
    explain::{Caller, Verdict},
};

fn given(text: &str) -> World {
    let mut given = Inputs::default();
    assert!(given.read("it", text.as_bytes()).expect(text), "{text}");
    World::new(given, None, now()).expect("readable")
}

fn configured(text: &str) -> World {
    let mut given = Inputs::default();
    given.configure(Source::new("config.yaml", text));
    World::new(given, None, now()).expect("readable")
}

fn is_known(world: &World, arn: &str) -> Option<bool> {
    match world.explain(Caller::of_arn(arn).expect("somebody")).verdict {
        Verdict::LetIn => Some(true),
        Verdict::Refused(_) => Some(false),
        _ => None,
    }
}

const OPS: &str = "arn:aws:iam::111122223333:role/Ops";

fn aws_auth(metadata: &str, data: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-auth, namespace: kube-system{metadata}}}\ndata:\n{data}"
    )
}

fn entry(arn: &str, username: &str, group: &str) -> String {
    aws_auth(
        "",
        &format!("  mapRoles: |\n    - rolearn: '{arn}'\n      username: '{username}'\n      groups: ['{group}']\n"),
    )
}

/// What a finding shows of an entry ends somewhere, be it within the authenticator's own braces.
#[test]
fn an_entry_of_which_an_excerpt_is_shown_is_not_one_to_fill_in() {
    let of = |width: usize| {
        let role = "x".repeat(width);
        let arn = format!("arn:aws:iam::111122223333:role/{role}");
        let entry = |username: &str| format!("    - {{rolearn: '{arn}', username: '{username}', groups: [g]}}\n");
        let twice = [entry("system:node:{{EC2PrivateDNSName}}"), entry("ops")].concat();
        (arn, given(&aws_auth("", &format!("  mapRoles: |\n{twice}"))))
    };
    for width in 1..64 {
        let (arn, world) = of(width);
        let to_fill_in = world.gaps().iter().find(|gap| gap.why.contains("fill in"));
        assert!(to_fill_in.is_none(), "{arn}: {to_fill_in:?}");
    }
}

#[test]
fn an_entry_that_another_program_fills_in_is_not_known() {
    let mapping = |arn: &str| {
        format!(
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {{name: a}}\nspec: {{arn: '{arn}', username: a}}\n"
        )
    };
    let eks = |arn: &str| {
        format!(
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: a, region: b}}\naccessConfig:\n  authenticationMode: API\n  accessEntries:\n  - principalARN: '{arn}'\n    kubernetesGroups: [g]\n"
        )
    };
    let rows = [
        ("an account of the shell", entry("arn:aws:iam::${ACCOUNT}:role/Ops", "ops", "g")),
        ("an account of Helm", entry("arn:aws:iam::{{ .Values.account }}:role/Ops", "ops", "g")),
        ("an account of a page", entry("arn:aws:iam::<Account ID>:role/Ops", "ops", "g")),
        ("a username", entry(OPS, "${WHO}", "g")),
        ("a group", entry(OPS, "ops", "{{ .Values.group }}")),
        ("a whole list", aws_auth("", "  mapRoles: ${MAP_ROLES}\n")),
        ("an account for all", aws_auth("", "  mapAccounts: |\n    - '${ACCOUNT}'\n")),
        ("an object", mapping("arn:aws:iam::${ACCOUNT}:role/Ops")),
        ("an access entry", eks("arn:aws:iam::${ACCOUNT}:role/Ops")),
    ];
    for (name, text) in rows {
        let world = given(&text);
        assert_eq!(is_known(&world, OPS), None, "{name}");
        let says = |gap: &inventory::Unseen| gap.why.contains("is for another program to fill in");
        assert!(world.gaps().iter().any(says), "{name}: {:?}", world.gaps());
        assert!(world.surroundings().logins.iter().all(|source| source.defects.is_empty()), "{name}");
    }
    let configuration = |arn: &str, username: &str| {
        configured(&format!(
            "server:\n  mapRoles:\n  - rolearn: '{arn}'\n    username: '{username}'\n    groups: [g]\n"
        ))
    };
    for (arn, username) in [("arn:aws:iam::${ACCOUNT}:role/Ops", "ops"), (OPS, "$(WHO)")] {
        let world = configuration(arn, username);
        assert_eq!((is_known(&world, OPS), world.unread().is_empty()), (None, false), "{arn}");
    }
    assert_eq!(is_known(&configuration(OPS, "ops"), OPS), Some(true));
}

#[test]
fn what_the_authenticator_fills_in_itself_is_known_and_what_a_cluster_has_is_what_it_is() {
    for variable in mapping::VARIABLES {
        let world = given(&entry(OPS, &format!("ops:{variable}"), &format!("g-{variable}")));
        assert!(world.unread().is_empty(), "{variable}: {:?}", world.unread());
    }
    let list = "  mapRoles: |\n    - {rolearn: 'arn:aws:iam::${ACCOUNT}:role/Ops', username: a}\n";
    let world = given(&aws_auth(", resourceVersion: '1'", list));
    assert_eq!((is_known(&world, OPS), world.unread().is_empty()), (Some(false), true));
}

/// EKS asks nothing but access entries and `aws-auth`.
#[test]
fn what_eks_does_not_ask_makes_nobody_unknown_there() {
    let map = |name: &str, data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\ndata: {{{data}}}\n"
        )
    };
    let of = |mode: &str, text: &str| {
        let cluster = format!(r#"{{"cluster": {{"accessConfig": {{"authenticationMode": "{mode}"}}}}}}"#);
        let mut given = Inputs::default();
        for text in [text, &cluster, r#"{"accessEntries": []}"#] {
            assert!(given.read("it", text.as_bytes()).expect(text), "{text}");
        }
        given.dump.has_none("ConfigMap");
        World::new(given, Some("https://ABC.gr7.eu-west-1.eks.amazonaws.com"), now()).expect("readable")
    };
    let (unfilled, refused) =
        (map("aws-auth", "mapRoles: '${ALL}'"), map("aws-iam-authenticator", "config.yaml: hello"));
    assert_eq!(is_known(&of("API", &unfilled), OPS), Some(false));
    assert_eq!(is_known(&of("API_AND_CONFIG_MAP", &unfilled), OPS), None);
    assert_eq!(is_known(&of("API_AND_CONFIG_MAP", &refused), OPS), Some(false));
}

/// A server with such a file does not start, so that nobody can say whom it lets in.
#[test]
fn a_configuration_with_which_no_server_starts_says_of_nobody_that_they_are_not_let_in() {
    for text in ["hello\n", "[]\n", "server: {mapRoles: [{username: ops}]}\n", "server: {mapRoles: 7}\n"] {
        let world = configured(text);
        assert_eq!((is_known(&world, OPS), world.unread().is_empty()), (None, false), "{text}");
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-iam-authenticator, namespace: kube-system}}\ndata: {{config.yaml: {}}}\n",
            serde_json::json!(text)
        );
        let world = given(&map);
        assert_eq!((is_known(&world, OPS), world.unread().is_empty()), (None, false), "{text} in a ConfigMap");
    }
}

#[test]
fn logins_of_which_eksctl_and_kops_make_nothing_are_gaps() {
    let eksctl = |arn: &str| {
        format!(
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: a, region: b}}\niamIdentityMappings:\n- {{arn: '{arn}', username: a}}\n"
        )
    };
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: a}\nspec:\n  authentication:\n    aws:\n      identityMappings:\n      - {arn: 'arn:aws:iam::111122223333:role/Ops', username: a}\n";
    for text in
        [&eksctl("arn:${PARTITION}:iam::${ACCOUNT}:role/Ops"), &eksctl("arn:aws:iam::<Account ID>:role/Ops"), kops]
    {
        let world = given(text);
        let place = |gap: &inventory::Unseen| gap.what.starts_with("it:");
        assert!(world.gaps().iter().any(place) && !world.unread().is_empty(), "{text}: {:?}", world.gaps());
        assert_eq!(is_known(&world, OPS), None, "{text}");
    }
}

#[test]
fn access_entries_that_eks_does_not_look_at_are_named() {
    let text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: a, region: b}\naccessConfig:\n  authenticationMode: CONFIG_MAP\n  accessEntries:\n  - principalARN: 'arn:aws:iam::111122223333:role/Ops'\n    kubernetesGroups: [g]\n";
    let said = given(text).assumptions().concat();
    let expected = "nobody is let in by EKS access entries (arn:aws:iam::111122223333:role/Ops): the cluster's authentication mode is CONFIG_MAP";
    assert_eq!(said, expected);
}
