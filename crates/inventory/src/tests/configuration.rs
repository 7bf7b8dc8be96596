//! What is taken for the authenticator's configuration.

use document::Source;

/// aws-iam-authenticator takes any mapping; whoever gives one of another program means something else.
#[test]
fn what_is_no_configuration_is_named_and_what_may_be_one_is_taken() {
    let rows: &[(&str, &str)] = &[
        ("", "is empty"),
        ("# nothing\n---\n", "is empty"),
        ("clusterID: c\n", ""),
        ("server: {}\n", ""),
        ("CLUSTERID: c\n", ""),
        ("region: eu-west-1\n", ""),
        ("{\"server\": {\"port\": 1}}", ""),
        ("sever: {}\n", ""),
        ("mapUsers: []\n", ""),
        ("apiVersion: v1\nclusterID: c\n", ""),
        ("clusterID: c\nserver: {}\ngroups: []\n", ""),
        ("- a\n", ""),
        ("a: [\n", ""),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {}\n",
            "looks like a ConfigMap aws-auth; give it by `--from`: ",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\n",
            "looks like a ConfigMap a; ",
        ),
        ("{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": []}", "looks like a List; give it by `--from`: "),
        (
            "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec: {}\n",
            "looks like a Cluster c; ",
        ),
        (
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {name: c}\nspec: {}\n",
            "looks like an IAMIdentityMapping c; ",
        ),
        (
            "apiVersion: v1\nkind: Config\nusers: []\ncontexts: []\nclusters: []\n",
            "looks like a kubeconfig; give it by `--kubeconfig`: ",
        ),
        ("clusterID: c\ngroups: []\n", "looks like an access file; give it by `--from`"),
        ("nodes: []\n", "looks like an access file; give it by `--from`"),
        ("{\"accessEntries\": []}", "looks like what `--from` takes; give it by that: "),
        ("{\"a\": 1}", "none of the keys stand in it"),
        ("name: x\n", "none of the keys stand in it"),
    ];
    for (text, expected) in rows {
        let said = crate::no_configuration(&Source::new("config.yaml", *text)).unwrap_or_default();
        assert!(said.starts_with(expected) && said.is_empty() == expected.is_empty(), "{text:?}: {said:?}");
    }
}
