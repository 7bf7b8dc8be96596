//! What is typed has an effect, or it is said that it has none: every flag of every command, in every mode of it.
//!
//! The program itself says which flags there are, so that a new one cannot be forgotten: it has no row in [`table::COMMANDS`].

mod config_maps;
mod table;

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output, Stdio},
};

use self::table::{COMMANDS, Flag, GLOBAL, Uses};

/// A line that is typed, the exit code, and what is said of the flag that would change nothing.
type Idle = (&'static str, i32, &'static str);

#[test]
fn every_flag_of_every_command_has_a_row() {
    let known: BTreeSet<String> =
        COMMANDS.iter().copied().flatten().map(|(command, ..)| (*command).to_owned()).collect();
    // Of these only what stands below them is a command.
    let above = ["add", "cache", "kops"];
    let top = complete(&[""]).into_iter().filter(|name| name != "help" && !above.contains(&name.as_str()));
    let below = above.into_iter().flat_map(|above| {
        complete(&[above, ""]).into_iter().filter(|name| name != "help").map(move |name| format!("{above} {name}"))
    });
    assert_eq!(known, top.chain(below).collect(), "commands");
    for (command, _, _, flags) in COMMANDS.iter().copied().flatten() {
        let words: Vec<&str> = command.split(' ').chain(["--"]).collect();
        let global: Vec<&str> = GLOBAL.iter().map(|flag| flag.name).chain(["help"]).collect();
        let own = complete(&words).into_iter().map(|flag| flag.trim_start_matches('-').to_owned());
        let own: BTreeSet<String> = own.filter(|flag| !global.contains(&&**flag)).collect();
        let rows: BTreeSet<String> = flags.iter().map(|(flag, _)| (*flag).to_owned()).collect();
        assert_eq!(rows, own, "{command}: each flag has a row, which says where it would change nothing");
    }
}

#[test]
fn what_would_change_nothing_is_refused_or_said() {
    let folder = prepared();
    let mut missing = Vec::new();
    for (command, _, _, flags) in COMMANDS.iter().copied().flatten() {
        for (flag, rows) in *flags {
            for (line, code, said) in *rows {
                assert!(line.starts_with(command), "{command} --{flag}: {line}");
                let stderr = run(folder.path(), line, Some(*code));
                if !stderr.contains(said) {
                    missing.push(format!("{line}: {said:?} is not said:\n{stderr}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn flags_of_every_command_are_of_use_or_it_is_said_that_they_are_not() {
    let folder = prepared();
    for (command, least, uses, _) in COMMANDS.iter().copied().flatten() {
        for Flag { name, value, refused, of } in GLOBAL {
            let stderr = run(folder.path(), &format!("{command} {least} --{name} {value}"), None);
            let is_said = stderr.contains(refused);
            match (*uses, *of) {
                (_, Uses::ANY) => assert!(!is_said, "{command} --{name}: {stderr}"),
                (uses, of) if uses.contains(of) => assert!(!is_said, "{command} --{name}: {stderr}"),
                _ => assert!(is_said, "{command} --{name}: nothing is said:\n{stderr}"),
            }
        }
    }
}

#[test]
fn a_cluster_id_is_compared_with_whatever_says_which_cluster_it_is() {
    let folder = prepared();
    let seeing =
        ["who-can get pods", "matrix", "lint", "diff user:a user:b", "explain arn:aws:iam::111122223333:user/alice"];
    for command in seeing {
        for from in ["--from access.yaml", "-c config.yaml --from cluster.yaml"] {
            let said = run(folder.path(), &format!("{command} {from} -i other"), Some(1));
            assert!(
                said.contains("--cluster-id other: ") && said.contains("is for `prod.example.com`"),
                "{command} {from}: {said}"
            );
            let said = run(folder.path(), &format!("{command} {from} -i prod.example.com"), Some(0));
            assert!(!said.contains("--cluster-id"), "{command} {from}: {said}");
        }
        let said = run(folder.path(), &format!("{command} --from cluster.yaml -i prod.example.com"), Some(0));
        assert!(said.contains("note: --cluster-id prod.example.com was not checked"), "{command}: {said}");
    }
    for command in ["check", "render --to rbac", "plan --from cluster.yaml", "apply", "diff access.yaml access.yaml"] {
        let said = run(folder.path(), &format!("{command} -i other"), Some(1));
        let is_said =
            said.contains("--cluster-id other: the access file") && said.contains("is for `prod.example.com`");
        assert!(is_said, "{command}: {said}");
    }
}

#[test]
fn an_import_says_of_whom_it_is_what_is_left_out_and_ends_where_an_entry_is_not_described() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("whole.json", &whole().to_string());
    write("entries.json", r#"{"accessEntries": ["arn:aws:iam::111122223333:role/Ops"]}"#);
    let said = run(folder.path(), "import -i c --from whole.json --from entries.json", Some(1));
    assert!(said.contains("error: the EKS access entry of arn:aws:iam::111122223333:role/Ops: give what `aws eks describe-access-entry` prints"), "{said}");
    // Made a text of our own on the way, and a line that says nothing.
    let entries = "- {arn: 'arn:aws:iam::111122223333:role/a/Path', username: p, groups: [x]}\n";
    let eksctl = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\niamIdentityMappings:\n";
    write("eksctl.yaml", &format!("{eksctl}{entries}"));
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec: {authentication: {aws: {backendMode: CRD, identityMappings: [";
    write("kops.yaml", &format!("{kops}\n{}]}}}}}}\n", entries.trim_start_matches("- ")));
    let long = serde_json::json!([
        {"rolearn": "arn:aws:iam::111122223333:role/a/Path", "username": "p", "groups": ["x"]},
        {"rolearn": "arn:aws:iam::111122223333:role/Number", "username": "n", "groups": [1, "x"]},
    ]);
    let map = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {"mapRoles": long.to_string()}});
    write("long.json", &map.to_string());
    let dynamic = "{\"LastUpdatedDateTime\": \"1\", \"mapUsers\": [{\"userarn\": \"arn:aws:iam::111122223333:user/bob\", \"usernam\": \"b\", \"username\": \"bob\", \"groups\": [\"devs\"]}]}";
    write("dynamic.json", dynamic);
    let path = "lets nobody in: the ARN of a role's sessions has no path";
    let rows = [
        ("eksctl.yaml", "arn:aws:iam::111122223333:role/a/Path (eksctl.yaml:5, iamIdentityMappings[0]): ", path),
        ("kops.yaml", "arn:aws:iam::111122223333:role/a/Path (kops.yaml:5, identityMappings[0]): ", path),
        ("long.json", "arn:aws:iam::111122223333:role/a/Path (long.json:1, mapRoles[0] of aws-auth): ", path),
        (
            "dynamic.json",
            "a key of arn:aws:iam::111122223333:user/bob (dynamic.json:1, mapUsers[0]): ",
            "unknown key `usernam`, which is ignored",
        ),
        (
            "long.json",
            "a value of arn:aws:iam::111122223333:role/Number (long.json:1, mapRoles[1] of aws-auth): ",
            "`groups[0]` must be text, and is a number: it counts as an empty text",
        ),
    ];
    for (file, whom, why) in rows {
        let said = run(folder.path(), &format!("import -i c --from whole.json --from {file}"), None);
        let line =
            said.lines().find(|line| line.starts_with(&format!("not in the file: {whom}")) && line.contains(why));
        assert!(line.is_some(), "{file}: {said}");
        assert!(!said.contains("something that is there") && !said.contains("[{"), "{file}: {said}");
    }
}

/// A file without people would say that nobody is to log in.
#[test]
fn an_import_writes_no_file_where_nobody_is_named_or_somebody_is_still_to_be_filled_in() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("whole.json", &whole().to_string());
    let eksctl = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\n";
    write("api.yaml", &format!("{eksctl}accessConfig: {{authenticationMode: API}}\n"));
    write(
        "eksctl.yaml",
        &format!(
            "{eksctl}iamIdentityMappings:\n- {{arn: 'arn:aws:iam::${{ACCOUNT}}:role/R', username: r, groups: [x]}}\n"
        ),
    );
    write("none.json", r#"{"accessEntries": []}"#);
    write(
        "mode.json",
        r#"{"cluster": {"name": "c", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/c", "accessConfig": {"authenticationMode": "API"}}}"#,
    );
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec:\n  authentication:\n    aws:\n      backendMode: CRD\n      identityMappings:\n";
    let filled_in = "      - {arn: 'arn:aws:iam::111122223333:role/R', username: r, groups: [x]}\n";
    write(
        "kops.yaml",
        &format!(
            "{kops}{filled_in}      - {{arn: 'arn:aws:iam::111122223333:role/${{ROLE}}', username: s, groups: [x]}}\n"
        ),
    );
    write("refused.yaml", &format!("{kops}{filled_in}").replace("backendMode: CRD", "backendMode: MountedFile"));
    let nobody = "nothing was imported: neither aws-auth, the authenticator's configuration, an access file nor an IAMIdentityMapping names anybody; give the file that the server on the control plane has by `-c FILE`";
    let nobody_on_eks = "nothing was imported: neither access entries nor aws-auth names anybody whom EKS lets in";
    let unfilled = "nothing was imported: another program has yet to fill in who logs in";
    let rows = [
        ("", vec![nobody]),
        ("--from refused.yaml", vec![nobody, "kops refuses identityMappings unless backendMode has CRD"]),
        (
            "--from api.yaml",
            vec![
                nobody_on_eks,
                "; give what `aws eks list-access-entries` and `describe-access-entry` print by `--from`",
            ],
        ),
        ("--from none.json --from mode.json", vec![nobody_on_eks]),
        (
            "--from eksctl.yaml",
            vec![unfilled, "eksctl.yaml:5:", "`arn:aws:iam::${ACCOUNT}:role/R` is for another program to fill in"],
        ),
        (
            "--from kops.yaml",
            vec![
                "nothing was imported: what could not be read is not assumed to be empty",
                "(kops.yaml:10)",
                "`arn:aws:iam::111122223333:role/${ROLE}` is for another program to fill in",
            ],
        ),
    ];
    for (from, expected) in rows {
        let said = run(folder.path(), &format!("import -i c --from whole.json {from}"), Some(1));
        let missing: Vec<_> = expected.iter().filter(|part| !said.contains(**part)).collect();
        assert!(missing.is_empty(), "{from}: without {missing:?}: {said}");
    }
}

#[test]
fn an_import_ends_where_eksctl_says_half_of_an_entry_and_names_once_who_is_nobody_of_aws() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("whole.json", &whole().to_string());
    // `eksctl get accessentry` leaves usernames and types out.
    let ops = "arn:aws:iam::111122223333:role/Ops";
    write("entries.json", &serde_json::json!([{"principalARN": ops, "kubernetesGroups": ["ops"]}]).to_string());
    write("entries.yaml", &format!("- principalARN: {ops}\n  kubernetesGroups: [ops]\n"));
    for entries in ["entries.json", "entries.yaml"] {
        let said = run(folder.path(), &format!("import -i c --from whole.json --from {entries}"), Some(1));
        let of_entry =
            format!("error: the EKS access entry of {ops}: give what `aws eks describe-access-entry` prints");
        assert!(said.contains(&of_entry), "{entries}: {said}");
    }
    let mapping = format!("{{arn: '{ops}', username: ops, groups: [view]}}");
    write(
        "kops.yaml",
        &format!(
            "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {{name: c}}\nspec:\n  authentication:\n    aws: {{backendMode: CRD, identityMappings: [{mapping}]}}\n    oidc: {{}}\n  kubeAPIServer: {{oidcIssuerURL: 'https://dex.example.com'}}\n"
        ),
    );
    write(
        "eksctl.yaml",
        &format!(
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: c, region: eu-west-1}}\niamIdentityMappings: [{mapping}]\nidentityProviders:\n- {{type: oidc, issuerURL: 'https://dex.example.com'}}\n"
        ),
    );
    write(
        "provider.json",
        r#"{"identityProviderConfig": {"oidc": {"clusterName": "c", "issuerUrl": "https://dex.example.com"}}}"#,
    );
    for from in ["--from kops.yaml", "--from eksctl.yaml", "-i c --from provider.json --from eksctl.yaml"] {
        let said = run(folder.path(), &format!("import --from whole.json {from}"), None);
        let once = said.matches("whoever logs in through OpenID Connect of https://dex.example.com").count();
        assert_eq!(once, from.matches("--from").count(), "{from}: {said}");
        assert!(!said.contains("nothing was imported: what could not be read"), "{from}: {said}");
    }
    // It is a gap of everything else.
    let said = run(folder.path(), "lint --from whole.json --from provider.json", Some(0));
    let gap = "incomplete: provider.json:1: identityProviderConfig: whoever logs in through OpenID Connect of https://dex.example.com is not an AWS principal";
    assert!(said.contains(gap), "{said}");
}

#[test]
fn what_is_missing_is_said_in_whole_sentences_with_its_place() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let kubeconfig = |name: &str, cluster: &str, user: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'{cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n"
        );
        write(name, &text);
    };
    // No cluster is asked: there is none.
    write("id.yaml", "clusterID: prod.example.com\n");
    run(folder.path(), "explain arn:aws:iam::111122223333:user/alice -c id.yaml", Some(0));
    let said = run(folder.path(), "eks get-token", Some(1));
    let whole = "error: Either parameter --cluster-name or --cluster-id must be specified; add --cluster-name NAME, of those that \
                 `aws eks list-clusters` lists\n";
    assert_eq!(said, whole);
    let script = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./eks-token.sh}";
    kubeconfig("script", "", script);
    let said = run(folder.path(), "whoami --kubeconfig script -i c", Some(1));
    let why = "--cluster-id: this context's user runs `eks-token.sh`, and cluster-auth cannot see which AWS credentials that uses, so AWS is not asked";
    assert!(said.contains(why), "{said}");
    let said = run(folder.path(), "kubeconfig --convert script", Some(0));
    assert!(said.contains("user u stays: `./eks-token.sh`: eks-token.sh is not known here"), "{said}");
    assert!(said.contains("script: nothing was converted: 1 user stays as said above"), "{said}");
    kubeconfig("token", "", "tokenFile: absent");
    kubeconfig("certificate", "", "client-certificate: no.crt, client-key: no.key");
    kubeconfig("authority", ", certificate-authority: no.ca", "token: x");
    let rows = [
        ("token", "absent", "cannot be used: open {}: no such file or directory; its user's `tokenFile` names it"),
        ("certificate", "no.crt", "unable to read client-cert {} for u due to open {}: no such file or directory"),
        ("certificate", "no.key", "unable to read client-key {} for u due to open {}: no such file or directory"),
        (
            "authority",
            "no.ca",
            "unable to read certificate-authority {} for c due to open {}: no such file or directory",
        ),
    ];
    for (name, file, why) in rows {
        for command in ["whoami", "who-can get pods", "explain arn:aws:iam::111122223333:user/alice"] {
            let said = run(folder.path(), &format!("{command} --kubeconfig {name}"), Some(1));
            assert!(said.contains(&why.replace("{}", file)), "{command} {name}: {said}");
        }
    }
}

#[test]
fn flags_about_what_is_not_there_are_said_to_change_nothing() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let binding = |namespace: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b{namespace}}}, \
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}, \
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: u}}]}}\n"
        )
    };
    write("nowhere.yaml", &binding(""));
    write("somewhere.yaml", &binding(", namespace: shop"));
    let entry = "[{sso: {permissionSetName: A, accountID: \"111122223333\"}, username: u, groups: [a]}]";
    // Beside an access file it would be our own server's.
    std::fs::create_dir(folder.path().join("sso")).expect("a folder");
    write("sso/config.yaml", &format!("clusterID: c\nserver:\n  mapRoles: {entry}\n"));
    let commands =
        ["who-can get pods", "matrix", "lint", "diff user:a user:b", "explain arn:aws:iam::111122223333:user/a"];
    let rows = [
        ("--from nowhere.yaml --default-namespace shop", None),
        (
            "--from somewhere.yaml --default-namespace shop",
            Some("note: --default-namespace shop has no effect: every object in --from names its namespace"),
        ),
        ("--from cluster.yaml --reader cluster-auth", Some("note: --reader has no effect here: ")),
        ("--from cluster.yaml -c config.yaml --reader cluster-auth", None),
        ("--from cluster.yaml --feature-gates SSORoleMatch=true", Some("note: --feature-gates has no effect here: ")),
        ("--from cluster.yaml -c sso/config.yaml --feature-gates SSORoleMatch=true", None),
        ("--from cluster.yaml -c sso/config.yaml --feature-gates SSORoleMatch=false", None),
    ];
    for command in commands {
        for (flags, said) in rows {
            let stderr = run(folder.path(), &format!("{command} {flags}"), Some(0));
            let is_said = stderr.contains(said.unwrap_or("has no effect"));
            assert_eq!(is_said, said.is_some(), "{command} {flags}: {stderr}");
        }
    }
    for command in ["check", "plan --mapping none"] {
        let line = format!("{command} access.yaml --from cluster.yaml --default-namespace x");
        assert!(run(folder.path(), &line, Some(0)).contains("--default-namespace x has no effect"), "{line}");
    }
    let line =
        "plan --mapping none access.yaml --from cluster.yaml --reader cluster-auth --feature-gates SSORoleMatch=true";
    let stderr = run(folder.path(), line, Some(0));
    assert!(stderr.contains("--reader has no effect") && stderr.contains("--feature-gates has no effect"), "{stderr}");
}

/// What `aws eks` printed of one cluster, beside what is of another.
#[test]
fn what_is_of_two_clusters_is_refused_with_both_names() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let entry = |cluster: &str| {
        format!(
            r#"{{"accessEntry": {{"clusterName": "{cluster}", "principalArn": "arn:aws:iam::111122223333:role/A", "kubernetesGroups": [], "username": "a", "type": "STANDARD"}}}}"#
        )
    };
    write("prod.json", &entry("prod.example.com"));
    write("staging.json", &entry("staging"));
    write("typed.yaml", "clusterID: prod.example.com\nserver:\n  mapRoles: [{rolearn: x, groups: [1]}]\n");
    let refused = [
        (
            "import --from lists.json --from prod.json --from staging.json",
            "what `aws eks` printed (prod.json:1) is about the cluster `prod.example.com`, and what `aws eks` printed (staging.json:1) about `staging`; give files of only one",
        ),
        ("lint --from lists.json --from prod.json --from staging.json", "(staging.json:1) about `staging`"),
        (
            "import --from lists.json --from prod.json -i other",
            "--cluster-id other: what `aws eks` printed (prod.json:1) is for `prod.example.com`",
        ),
        (
            "who-can get pods --from lists.json --from prod.json -i other",
            "what `aws eks` printed (prod.json:1) is for `prod.example.com`",
        ),
        (
            "import --from lists.json -c config.yaml -i other",
            "--cluster-id other: the authenticator's configuration (config.yaml:1) is for",
        ),
        (
            "import --from lists.json -c typed.yaml -i other",
            "--cluster-id other: the authenticator's configuration (typed.yaml:1) is for",
        ),
        (
            "import --from lists.json -c config.yaml --from staging.json",
            "the authenticator's configuration (config.yaml:1) is about the cluster `prod.example.com`, and what `aws eks` printed (staging.json:1) about `staging`",
        ),
        (
            "who-can get pods --from access.yaml --from staging.json",
            "the access file (access.yaml:1) is about the cluster `prod.example.com`, and what `aws eks` printed (staging.json:1) about `staging`",
        ),
        (
            "plan access.yaml --from cluster.yaml --from staging.json",
            "the access file (access.yaml:1) is about the cluster `prod.example.com`, and what `aws eks` printed (staging.json:1) about `staging`",
        ),
    ];
    for (line, said) in refused {
        let stderr = run(folder.path(), line, Some(1));
        assert!(stderr.contains(said), "{line}: {stderr}");
    }
    for line in [
        "who-can get pods --from access.yaml --from prod.json -i prod.example.com",
        "plan access.yaml --from cluster.yaml --from prod.json --mapping none",
    ] {
        run(folder.path(), line, Some(0));
    }
}

#[test]
fn two_clusters_are_refused_by_every_command_that_looks_at_one() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let eksctl = |name: &str, region: &str| {
        format!("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: {name}, region: {region}}}\n")
    };
    let described = |region: &str| {
        format!(
            r#"{{"cluster": {{"name": "blue", "arn": "arn:aws:eks:{region}:111122223333:cluster/blue", "accessConfig": {{"authenticationMode": "API"}}}}}}"#
        )
    };
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: green.example.com}\nspec: {authentication: {aws: {backendMode: CRD}}}\n";
    write("blue.yaml", &eksctl("blue", "eu-west-1"));
    write("elsewhere.yaml", &eksctl("blue", "us-east-1"));
    write("green.yaml", &eksctl("green", "eu-west-1"));
    write("kops.yaml", kops);
    write("blue.json", &described("eu-west-1"));
    write("elsewhere.json", &described("us-east-1"));
    let of_eksctl = "a ClusterConfig of eksctl";
    let pairs = [
        ("--from blue.yaml --from green.yaml", format!("{of_eksctl} (blue.yaml:3) is about the cluster `blue`, and {of_eksctl} (green.yaml:3) about `green`")),
        ("--from kops.yaml --from blue.yaml", format!("a Cluster of kops (kops.yaml:3) is about the cluster `green.example.com`, and {of_eksctl} (blue.yaml:3) about `blue`")),
        ("--from blue.yaml --from elsewhere.yaml", format!("{of_eksctl} (blue.yaml:3) is about the cluster `blue` (eu-west-1), and {of_eksctl} (elsewhere.yaml:3) about `blue` (us-east-1)")),
        ("--from blue.json --from elsewhere.json", "what `aws eks` printed (blue.json:1) is about the cluster `blue` (eu-west-1), and what `aws eks` printed (elsewhere.json:1) about `blue` (us-east-1)".to_owned()),
        ("--from blue.json --from elsewhere.yaml", format!("{of_eksctl} (elsewhere.yaml:3) is about the cluster `blue` (us-east-1), and what `aws eks` printed (blue.json:1) about `blue` (eu-west-1)")),
    ];
    let arn = "arn:aws:iam::111122223333:user/alice";
    let explain = format!("explain {arn}");
    let commands = ["who-can get pods", "matrix", "lint", "diff user:a user:b", &explain, "import"];
    for (from, said) in &pairs {
        for command in commands {
            let line = format!("{command} --from lists.json {from}");
            let stderr = run(folder.path(), &line, Some(1));
            assert!(stderr.contains(&format!("{said}; give files of only one cluster")), "{line}: {stderr}");
        }
    }
    let configured = "the authenticator's configuration (config.yaml:1) is about the cluster `prod.example.com`, and a Cluster of kops (kops.yaml:3) about `green.example.com`";
    for command in commands {
        let line = format!("{command} -c config.yaml --from lists.json --from kops.yaml");
        let stderr = run(folder.path(), &line, Some(1));
        // The access file that lies beside the configuration is read with it, and goes first.
        let is_said = stderr.contains(configured)
            || stderr.contains(
                "the access file (access.yaml:1) is about the cluster `prod.example.com`, and a Cluster of kops",
            );
        assert!(is_said, "{line}: {stderr}");
    }
    let of_file = "the access file (access.yaml:1) is about the cluster `prod.example.com`, and ";
    for (from, what) in [
        ("kops.yaml", "a Cluster of kops (kops.yaml:3) about `green.example.com`"),
        ("blue.json", "what `aws eks` printed (blue.json:1) about `blue`"),
    ] {
        let line = format!("plan access.yaml --mapping none --from cluster.yaml --from {from}");
        let stderr = run(folder.path(), &line, Some(1));
        assert!(stderr.contains(&format!("{of_file}{what}")), "{line}: {stderr}");
    }
    // Both sides of a comparison are clusters of their own.
    for (side, name) in [("green", "green"), ("blue", "blue")] {
        std::fs::create_dir(folder.path().join(side)).expect("a folder");
        std::fs::copy(folder.path().join("lists.json"), folder.path().join(side).join("lists.json")).expect("copied");
        write(&format!("{side}/eksctl.yaml"), &eksctl(name, "eu-west-1"));
    }
    run(folder.path(), "diff blue green", Some(0));
    write("blue/green.yaml", &eksctl("green", "eu-west-1"));
    assert!(run(folder.path(), "diff blue green", Some(1)).contains("give files of only one cluster"));
}

#[test]
fn an_authority_that_is_given_counts() {
    let folder = prepared();
    let printed = |line: &str| {
        let said = run(folder.path(), &format!("kubeconfig -i c {line} --merge made"), Some(0));
        let made = std::fs::read_to_string(folder.path().join("made")).expect("written");
        (said, made)
    };
    let (said, made) = printed("--from-kubeconfig insecure.conf");
    assert!(said.contains("note: insecure.conf has insecure-skip-tls-verify: true, so the certificate of"), "{said}");
    assert!(made.contains("insecure-skip-tls-verify: true"), "{made}");
    let (said, made) = printed("--server https://a.example.com");
    assert!(
        said.contains(
            "note: the cluster c keeps insecure-skip-tls-verify: true, so the API server's certificate is not checked"
        ),
        "{said}"
    );
    assert!(made.contains("insecure-skip-tls-verify: true"), "{made}");
    let (said, made) = printed("--from-kubeconfig insecure.conf --ca cert.pem");
    assert!(!said.contains("nobody checks"), "{said}");
    assert!(made.contains("certificate-authority-data: ") && !made.contains("verify: true"), "{made}");
    let (said, made) = printed("--server https://a.example.com");
    assert!(
        said.contains("note: the cluster c keeps its certificate-authority-data, since no other was given"),
        "{said}"
    );
    assert!(made.contains("certificate-authority-data: "), "{made}");
}

#[test]
fn a_server_without_tls_is_refused_as_no_credentials_would_reach_it() {
    let folder = prepared();
    let insecure = std::fs::read_to_string(folder.path().join("insecure.conf")).expect("readable");
    for server in ["http://a.example.com", "HTTP://a.example.com", "a.example.com"] {
        let text = insecure.replace("https://a.example.com", server).replace(", insecure-skip-tls-verify: true", "");
        std::fs::write(folder.path().join("plain.conf"), text).expect("written");
        let said = run(folder.path(), "kubeconfig -i c --from-kubeconfig plain.conf", Some(1));
        assert!(said.contains(&format!("plain.conf: the server is {server}, and kubectl sends")), "{said}");
    }
}

#[test]
fn a_merge_keeps_the_byte_order_mark() {
    let folder = prepared();
    let path = folder.path().join("bom.conf");
    std::fs::write(&path, "\u{feff}kind: Config\n").expect("written");
    run(folder.path(), "kubeconfig -i c --server https://a.example.com --merge bom.conf", Some(0));
    let text = std::fs::read_to_string(path).expect("written");
    assert!(text.starts_with("\u{feff}kind: Config\n") && text.contains("https://a.example.com"), "{text}");
}

#[test]
fn check_says_all_that_is_wrong_in_one_run() {
    let folder = prepared();
    let file = "clusterID: c\naccount: '111122223333'\ngroups:\n- name: a\n  userz: [x]\n  users: [y, y]\n  authorization:\n  \
                - {namespace: n, rules: [{apiGroups: [''], resources: [podz], verbs: [get]}]}\n";
    std::fs::write(folder.path().join("broken.yaml"), file).expect("written");
    for line in ["check broken.yaml", "check broken.yaml --context a --kubeconfig missing"] {
        let said = run(folder.path(), line, Some(1));
        for code in ["error[access.unknown-key]", "warning[access.duplicate]", "warning[access.matches-nothing]"] {
            assert!(said.contains(code), "{line}: {code}: {said}");
        }
        assert!(said.contains("did you mean pods?"), "{line}: {said}");
        assert_eq!(
            said.contains("error: there is no kubeconfig at missing"),
            line.contains("missing"),
            "{line}: {said}"
        );
    }
}

/// Whatever a command prints for programs besides, it prints as JSON and as YAML, and both say the same.
#[test]
fn what_is_printed_for_programs_is_the_same_in_both_forms() {
    let folder = prepared();
    let lines = [
        "check access.yaml",
        "plan --mapping none --from cluster.yaml",
        "who-can get pods --from cluster.yaml",
        "matrix --from access.yaml",
        "explain arn:aws:iam::111122223333:user/alice access.yaml",
        "explain mapping.none",
        "diff access.yaml access.yaml",
        "lint --from cluster.yaml",
    ];
    for line in lines {
        let printed = |form: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-auth"));
            command.env_clear().current_dir(folder.path()).stdin(Stdio::null());
            let words = line.split_whitespace().chain(["-o", form]);
            let output = command.args(words).output().expect("it runs");
            assert!(output.status.success(), "{line} -o {form}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        let mut json: serde_json::Value = serde_json::from_str(&printed("json")).expect(line);
        let mut yaml: serde_json::Value = serde_saphyr::from_str(&printed("yaml")).expect(line);
        // When each was printed.
        [&mut json, &mut yaml].into_iter().filter_map(|value| value.as_object_mut()?.remove("time")).for_each(drop);
        assert_eq!(json, yaml, "{line}");
    }
}

/// What `kubectl get namespaces,roles,…,configmaps -A -o json` prints of a small cluster.
fn whole() -> serde_json::Value {
    use serde_json::json;
    let rbac = "rbac.authorization.k8s.io";
    let metadata = |name: &str, namespace: Option<&str>| {
        let mut metadata = json!({"name": name, "uid": name, "resourceVersion": "1"});
        if let Some(namespace) = namespace {
            metadata["namespace"] = serde_json::Value::from(namespace);
        }
        metadata
    };
    let role = |kind: &str, namespace| {
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
        json!({"apiVersion": format!("{rbac}/v1"), "kind": kind, "metadata": metadata("view", namespace), "rules": rules})
    };
    let binding = |kind: &str, of: &str, namespace| {
        let (of, to) = (
            json!({"apiGroup": rbac, "kind": of, "name": "view"}),
            json!([{"apiGroup": rbac, "kind": "Group", "name": "x"}]),
        );
        json!({"apiVersion": format!("{rbac}/v1"), "kind": kind, "metadata": metadata("view", namespace), "roleRef": of, "subjects": to})
    };
    let mut items = vec![role("ClusterRole", None), binding("ClusterRoleBinding", "ClusterRole", None)];
    for namespace in ["kube-public", "kube-system"] {
        items.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(namespace, None)}));
        items.push(role("Role", Some(namespace)));
        items.push(binding("RoleBinding", "Role", Some(namespace)));
        items.push(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("ca", Some(namespace)), "data": {}}),
        );
    }
    // What every cluster has, by which lists show that they are whole.
    let standard = [
        ("Namespace", None, "default"),
        ("ClusterRole", None, "cluster-admin"),
        ("ClusterRole", None, "system:kube-controller-manager"),
        ("ClusterRoleBinding", None, "cluster-admin"),
        ("ClusterRoleBinding", None, "system:kube-controller-manager"),
        ("ClusterRoleBinding", None, "system:kube-scheduler"),
        ("Role", Some("kube-public"), "system:controller:bootstrap-signer"),
        ("Role", Some("kube-system"), "extension-apiserver-authentication-reader"),
        ("RoleBinding", Some("kube-public"), "system:controller:bootstrap-signer"),
        ("RoleBinding", Some("kube-system"), "system::extension-apiserver-authentication-reader"),
        ("ConfigMap", Some("kube-system"), "extension-apiserver-authentication"),
    ];
    for (kind, namespace, name) in standard {
        let version = if ["Namespace", "ConfigMap"].contains(&kind) { "v1".to_owned() } else { format!("{rbac}/v1") };
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata(name, namespace)});
        if kind.ends_with("Binding") {
            object["roleRef"] = json!({"apiGroup": rbac, "kind": "ClusterRole", "name": "view"});
        }
        items.push(object);
    }
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
}

/// What the program offers behind these words.
fn complete(words: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-auth"));
    let output = command.args(["__complete", "--"]).args(words).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let candidates = text.lines().filter(|line| !line.starts_with(':'));
    candidates.filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect()
}

/// What is said, by a program that has AWS credentials, no network to use them in, and no kubeconfig of its own.
fn run(folder: &Path, line: &str, code: Option<i32>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-auth"));
    command.env_clear().env("HOME", folder).current_dir(folder).stdin(Stdio::null());
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
    command.env("AWS_REGION", "us-west-2").env("HTTPS_PROXY", "http://127.0.0.1:1");
    let Output { status, stdout, stderr } = command.args(line.split_whitespace()).output().expect("it runs");
    let stderr = String::from_utf8(stderr).expect("UTF-8");
    let stdout = String::from_utf8_lossy(&stdout);
    assert!(code.is_none_or(|code| status.code() == Some(code)), "{line}: {status}\n{stderr}\n{stdout}");
    // A refusal leaves nothing that looks like an answer.
    assert!(code != Some(1) || stdout.is_empty(), "{line}: {stdout}");
    stderr
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in table::FILES {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    run(folder.path(), "init -i prod.example.com", Some(0));
    folder
}
