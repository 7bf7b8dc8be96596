//! What is of two clusters is no picture of one.

use access::ConfigMap;
use document::{Limits, Sources};

use crate::{Inputs, Record, WhichCluster};

/// Names and texts.
type Files<'a> = &'a [(&'a str, &'a str)];

/// What files say; `-c NAME` is a configuration in a file of its own, `last` what was last applied.
fn which(files: Files<'_>) -> WhichCluster {
    let (mut given, mut record) = (Inputs::default(), None);
    for (name, text) in files {
        match *name {
            "last" => record = Some(Record { cluster_id: (*text).into(), ..Record::default() }),
            name => match name.strip_prefix("-c ") {
                Some(name) => given.dump.configured_by(ConfigMap::of_file(name, text)),
                None => assert!(given.read(name, text.as_bytes()).expect(name), "{name}"),
            },
        }
    }
    let mut which = given.dump.which_cluster(&given.entries);
    if let Some(record) = &record {
        which.add_record(record);
    }
    if let Some(sources) = given.access_files() {
        let access::Read { access, .. } = access::read(&sources, &Limits::default());
        which.add_access_file(&access, &Sources::clone(&sources));
    }
    which
}

fn eksctl(name: &str, region: &str) -> String {
    format!("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: {name}\n  region: {region}\n")
}

fn kops(name: &str, aws: &str) -> String {
    format!(
        "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: {name}\nspec: {{authentication: {{aws: {{{aws}}}}}}}\n"
    )
}

fn described(name: &str, region: &str) -> String {
    format!(
        r#"{{"cluster": {{"name": "{name}", "arn": "arn:aws:eks:{region}:111122223333:cluster/{name}", "accessConfig": {{"authenticationMode": "API"}}}}}}"#
    )
}

fn policies(name: &str) -> String {
    format!(
        r#"{{"clusterName": "{name}", "principalArn": "arn:aws:iam::111122223333:role/A", "associatedAccessPolicies": []}}"#
    )
}

fn config(id: &str) -> String {
    format!("server: {{}}\nclusterID: {id}\n")
}

fn kube_system(uid: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: kube-system, uid: '{uid}'}}\n")
}

fn in_cluster(id: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-iam-authenticator, namespace: kube-system}}\ndata:\n  config.yaml: |\n    clusterID: {id}\n"
    )
}

fn access(id: &str) -> String {
    format!("groups: []\nclusterID: {id}\n")
}

fn terraform(names: [&str; 2]) -> String {
    let entry = |at: usize| {
        format!(
            r#""e{at}": {{"cluster_name": "{}", "principal_arn": "arn:aws:iam::111122223333:role/A{at}"}}"#,
            names[at]
        )
    };
    format!("{{\"resource\": {{\"aws_eks_access_entry\": {{\n{},\n{}\n}}}}}}", entry(0), entry(1))
}

#[test]
fn two_clusters_are_told_with_both_places_and_both_names() {
    let chart =
        "clusterID: old\ngroups:\n- name: g\n  authentication: {account: '111122223333', role: R}\n  users: [u]\n";
    let rows: &[(&str, Files<'_>, &str)] = &[
        (
            "two dumps",
            &[("a.yaml", &kube_system("1111")), ("b.yaml", &kube_system("2222"))],
            "the Namespace kube-system (a.yaml:1) and the Namespace kube-system (b.yaml:1) come from two clusters (kube-system has uid 1111 in one, 2222 in the other)",
        ),
        (
            "a configuration, and another one in the cluster",
            &[("cm.yaml", &in_cluster("there")), ("-c config.yaml", &config("here"))],
            "the authenticator's configuration (config.yaml:2) is about the cluster `here`, and the authenticator's configuration in the cluster (cm.yaml:6) about `there`",
        ),
        (
            "two ClusterConfigs",
            &[("a.yaml", &eksctl("prod", "eu-west-1")), ("b.yaml", &eksctl("staging", "eu-west-1"))],
            "a ClusterConfig of eksctl (a.yaml:4) is about the cluster `prod`, and a ClusterConfig of eksctl (b.yaml:4) about `staging`",
        ),
        (
            "one name in two Regions",
            &[("a.yaml", &eksctl("prod", "eu-west-1")), ("b.yaml", &eksctl("prod", "us-east-1"))],
            "a ClusterConfig of eksctl (a.yaml:4) is about the cluster `prod` (eu-west-1), and a ClusterConfig of eksctl (b.yaml:4) about `prod` (us-east-1)",
        ),
        (
            "answers of EKS of one name in two Regions",
            &[("a.json", &described("prod", "eu-west-1")), ("b.json", &described("prod", "us-east-1"))],
            "what `aws eks` printed (a.json:1) is about the cluster `prod` (eu-west-1), and what `aws eks` printed (b.json:1) about `prod` (us-east-1)",
        ),
        (
            "two answers of EKS in one file",
            &[("a.json", &format!("{}\n{}\n", described("prod", "eu-west-1"), described("staging", "eu-west-1")))],
            "what `aws eks` printed (a.json:1) is about the cluster `prod`, and what `aws eks` printed (a.json:2) about `staging`",
        ),
        (
            "a Region that only one of three names",
            &[
                ("a.json", &policies("prod")),
                ("b.json", &described("prod", "eu-west-1")),
                ("c.yaml", &eksctl("prod", "us-east-1")),
            ],
            "a ClusterConfig of eksctl (c.yaml:4) is about the cluster `prod` (us-east-1), and what `aws eks` printed (b.json:1) about `prod` (eu-west-1)",
        ),
        (
            "kops and eksctl",
            &[("kops.yaml", &kops("prod.example.com", "backendMode: CRD")), ("b.yaml", &eksctl("prod", "eu-west-1"))],
            "a Cluster of kops (kops.yaml:4) is about the cluster `prod.example.com`, and a ClusterConfig of eksctl (b.yaml:4) about `prod`",
        ),
        (
            "two Clusters of kops that say no id",
            &[("a.yaml", &kops("a.example.com", "")), ("b.yaml", &kops("b.example.com", ""))],
            "a Cluster of kops (a.yaml:4) is about the cluster `a.example.com`, and a Cluster of kops (b.yaml:4) about `b.example.com`",
        ),
        (
            "two Clusters of kops with one id",
            &[("a.yaml", &kops("a.example.com", "clusterID: c")), ("b.yaml", &kops("b.example.com", "clusterID: c"))],
            "a Cluster of kops (a.yaml:4) is about the cluster `a.example.com`, and a Cluster of kops (b.yaml:4) about `b.example.com`",
        ),
        (
            "a configuration of its own and kops",
            &[("-c config.yaml", &config("other")), ("kops.yaml", &kops("a.example.com", "clusterID: c"))],
            "the authenticator's configuration (config.yaml:2) is about the cluster `other`, and a Cluster of kops (kops.yaml:4) about `c`",
        ),
        (
            "a configuration of its own and eksctl",
            &[("-c config.yaml", &config("other")), ("a.yaml", &eksctl("prod", "eu-west-1"))],
            "the authenticator's configuration (config.yaml:2) is about the cluster `other`, and a ClusterConfig of eksctl (a.yaml:4) about `prod`",
        ),
        (
            "the cluster's own configuration and kops",
            &[("dump.yaml", &in_cluster("old")), ("kops.yaml", &kops("a.example.com", "backendMode: CRD"))],
            "the authenticator's configuration in the cluster (dump.yaml:6) is about the cluster `old`, and a Cluster of kops (kops.yaml:4) about `a.example.com`",
        ),
        (
            "an access file and EKS",
            &[("a.json", &policies("staging")), ("access.yaml", &access("prod"))],
            "the access file (access.yaml:2) is about the cluster `prod`, and what `aws eks` printed (a.json:1) about `staging`",
        ),
        (
            "an access file and another program's file",
            &[("a.yaml", &eksctl("staging", "eu-west-1")), ("access.yaml", &access("prod"))],
            "the access file (access.yaml:2) is about the cluster `prod`, and a ClusterConfig of eksctl (a.yaml:4) about `staging`",
        ),
        (
            "an access file and a configuration of its own",
            &[("-c config.yaml", &config("other")), ("access.yaml", &access("prod"))],
            "the access file (access.yaml:2) is about the cluster `prod`, and the authenticator's configuration (config.yaml:2) about `other`",
        ),
        (
            "an access file and what was last applied",
            &[("last", "old"), ("access.yaml", &access("prod"))],
            "the access file (access.yaml:2) is about the cluster `prod`, and what was last applied about `old`",
        ),
        (
            "the first chart's values",
            &[("values.yaml", chart), ("a.yaml", &eksctl("prod", "eu-west-1"))],
            "the values of the first chart, of June 2018 (values.yaml:1) are about the cluster `old`, and a ClusterConfig of eksctl (a.yaml:4) about `prod`",
        ),
        (
            "Terraform's entries of two",
            &[("a.json", &terraform(["prod", "staging"]))],
            "access entries as Terraform's JSON (a.json:2) are about the cluster `prod`, and access entries as Terraform's JSON (a.json:3) about `staging`",
        ),
    ];
    for (name, files, expected) in rows {
        let said = which(files).ensure_one().expect_err(name).to_string();
        assert_eq!(said, format!("{expected}; give files of only one cluster"), "{name}");
    }
}

#[test]
fn what_is_of_one_cluster_is_taken() {
    let rows: &[(&str, Files<'_>)] = &[
        ("nothing", &[]),
        ("one file twice", &[("a.yaml", &eksctl("prod", "eu-west-1")), ("b.yaml", &eksctl("prod", "eu-west-1"))]),
        (
            "EKS as everybody calls it",
            &[
                ("a.yaml", &eksctl("prod", "eu-west-1")),
                ("a.json", &described("prod", "eu-west-1")),
                ("b.json", &policies("prod")),
                ("access.yaml", &access("prod")),
                ("last", "prod"),
            ],
        ),
        (
            "a configuration that is left over in EKS",
            &[("dump.yaml", &in_cluster("old")), ("a.json", &described("prod", "eu-west-1"))],
        ),
        ("the same beside eksctl", &[("dump.yaml", &in_cluster("old")), ("a.yaml", &eksctl("prod", "eu-west-1"))]),
        ("a cluster that gets another id", &[("dump.yaml", &in_cluster("old")), ("access.yaml", &access("new"))]),
        (
            "kops, whose name is not the id that the authenticator's own file has",
            &[("kops.yaml", &kops("a.example.com", "")), ("-c config.yaml", &config("c"))],
        ),
        (
            "kops with an id of its own",
            &[
                ("kops.yaml", &kops("a.example.com", "clusterID: c")),
                ("dump.yaml", &in_cluster("c")),
                ("access.yaml", &access("c")),
            ],
        ),
        (
            "a name to fill in",
            &[("a.yaml", &eksctl("${CLUSTER}", "${REGION}")), ("b.yaml", &eksctl("prod", "eu-west-1"))],
        ),
        ("Terraform's entries", &[("a.json", &terraform(["prod", "prod"])), ("b.yaml", &eksctl("prod", "eu-west-1"))]),
        ("Terraform's entries of a variable", &[("a.json", &terraform(["${var.cluster}", "prod"]))]),
    ];
    for (name, files) in rows {
        assert_eq!(which(files).ensure_one(), Ok(()), "{name}");
    }
}

#[test]
fn an_id_is_compared_with_all_and_the_clusters_own_configuration_counts_for_imports() {
    let left_over = which(&[("dump.yaml", &in_cluster("old")), ("a.yaml", &eksctl("prod", "eu-west-1"))]);
    let other: Vec<String> = left_over.other_than("prod").map(|(said, id)| format!("{said}: {id}")).collect();
    assert_eq!(other, ["the authenticator's configuration in the cluster (dump.yaml:6): old"]);
    assert!(left_over.ensure_one_with_its_own().is_err());
    let kops = which(&[("dump.yaml", &in_cluster("old")), ("kops.yaml", &kops("a.example.com", "backendMode: CRD"))]);
    assert!(kops.ensure_one().is_err());
    assert_eq!(kops.ensure_one_but_for_its_own(), Ok(()));
    assert!(which(&[]).is_empty() && !kops.is_empty());
    assert_eq!(kops.id(), Some("old"));
}
