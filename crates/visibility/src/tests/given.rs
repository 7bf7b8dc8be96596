//! What was given: whose word counts, and what nobody can read.

use insta::assert_snapshot;
use inventory::{File, How, Inputs, MappingTarget, Record};

use super::{
    explaining::{CLUSTER, FILE, caller, verdict},
    now, whole as world, world as pieces,
};
use crate::{World, explain::Verdict, print};

/// A flag that takes the modes from elsewhere, or names none that there are, makes no source one that is asked.
#[test]
fn whose_turn_nobody_can_read_is_not_let_in_for_certain() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\ndata:\n  config.yaml: |\n    \
               clusterID: c\n    server:\n      mapUsers:\n      - {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: ['system:masters']}\n";
    let verdict = |flag: &str| {
        let set = format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: a, namespace: kube-system}}\nspec: {{template: {{spec: {{containers: [{{name: a, \
             image: 'aws-iam-authenticator:v0.7.18', args: [server, '{flag}']}}], volumes: [{{name: c, configMap: {{name: aws-iam-authenticator}}}}]}}}}}}\n"
        );
        let world = pieces(&[("map.yaml", map), ("set.yaml", &set)]);
        let explanation = world.explain(caller("arn:aws:iam::111122223333:user/alice"));
        let out: serde_json::Value = serde_json::from_str(&print::json(&explanation.out(Some(&world)))).expect("JSON");
        out["letIn"].clone()
    };
    assert_eq!(verdict("--backend-mode=MountedFile"), true);
    // Nobody gave the one that is asked.
    for flag in ["--backend-mode=EKSConfigMap", "--backend-mode=$(MODE)", "--backend-mode=Nonsense", "--backend-mode="]
    {
        assert_eq!(verdict(flag), serde_json::Value::Null, "{flag}");
    }
}

/// A configuration that lies in a folder beside the cluster's own is not known to be the one that a server has.
#[test]
fn a_configuration_that_is_found_does_not_replace_the_clusters_own() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\ndata:\n  config.yaml: |\n    \
               clusterID: c\n    server:\n      mapUsers:\n      - {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: ['system:masters']}\n";
    let other = "clusterID: dev\nserver:\n  mapUsers:\n  - {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob, groups: []}\n";
    let masters = |is_of_folder: bool| {
        let mut given = Inputs::default();
        for (name, text) in [("map.yaml", map), ("dev/config.yaml", other)] {
            let how = How { is_of_folder, ..How::default() };
            given.read_as(name, text.as_bytes(), how).expect("readable");
        }
        let world = World::new(given, None, now()).expect("a world");
        let alice = world.explain(caller("arn:aws:iam::111122223333:user/alice"));
        (
            verdict(&alice),
            world
                .gaps()
                .iter()
                .map(|gap| gap.what.to_string())
                .filter(|what| what.contains("configuration"))
                .collect::<Vec<_>>(),
        )
    };
    let (_, gaps) = masters(true);
    assert_eq!(
        gaps,
        [
            "the authenticator's configuration (ConfigMap kube-system/aws-iam-authenticator, map.yaml and dev/config.yaml)"
        ]
    );
    // Whoever names the file says that the server has it.
    assert_eq!(masters(false), ("mapping.none".to_owned(), Vec::<String>::new()));
}

/// Nobody is let in by it, and nobody may do anything by it.
#[test]
fn a_file_that_no_server_loads_has_no_answers() {
    let read = |text: &str| {
        let mut given = Inputs::default();
        given.read_as("access.yaml", text.as_bytes(), How::default()).expect("readable");
        World::new(given, None, now())
            .map_err(|unreadable| unreadable.problems.iter().map(|problem| problem.code).collect::<Vec<_>>().join(", "))
    };
    let file = |groups: &str| format!("clusterID: c\naccount: '111122223333'\ngroups:\n{groups}");
    for (groups, code) in [
        (
            "- {name: dev, users: [alice], authorization: [{namespace: dev, role: x}, {namespace: dev, clusterRole: x}]}\n",
            "access.collision",
        ),
        ("- {name: 'system:masters', users: [alice]}\n", "access.system-name"),
        (
            "- {name: a, users: [{name: alice, username: b}]}\n- {name: c, users: [{name: alice, username: d}]}\n",
            "access.username-twice",
        ),
    ] {
        assert_eq!(read(&file(groups)).err().as_deref(), Some(code), "{groups}");
    }
    assert!(
        read("account: '111122223333'\ngroups: [{name: view, users: [alice]}]\n").is_ok(),
        "another file may name the cluster"
    );
}

/// Who is added by hand where `apply` keeps everything is in no file.
#[test]
fn whoever_is_missing_where_apply_keeps_the_logins_is_added_to_its_file() {
    let record = |target| {
        let file = File { name: "access.yaml".into(), text: FILE.into() };
        let data = Record { cluster_id: "c".into(), files: vec![file], target }.to_data();
        let metadata = serde_json::json!({"name": "cluster-auth", "namespace": "kube-system"});
        serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}).to_string()
    };
    let fix = |cluster: &[(&str, &str)]| {
        let world = world(cluster);
        match world.explain(caller("arn:aws:iam::111122223333:user/mallory")).verdict {
            Verdict::Refused(denial) => denial.fix.expect("what to do").text,
            other => panic!("{other:?}"),
        }
    };
    assert_snapshot!(fix(&[("cluster.json", CLUSTER)]), @"add to mapUsers of the ConfigMap kube-system/aws-auth");
    assert_snapshot!(fix(&[("cluster.json", CLUSTER), ("record.json", &record(MappingTarget::AwsAuth))]), @"add to the access file (access.yaml), from which `cluster-auth apply` keeps ConfigMap kube-system/aws-auth; `cluster-auth plan` shows what it gives");
    // What it keeps elsewhere is not what is asked.
    assert_snapshot!(fix(&[("cluster.json", CLUSTER), ("record.json", &record(MappingTarget::Crd))]), @"add to mapUsers of the ConfigMap kube-system/aws-auth");
}
