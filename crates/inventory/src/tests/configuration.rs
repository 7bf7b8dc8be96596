//! What is taken for the authenticator's configuration.

use document::Source;

/// aws-iam-authenticator takes any mapping; whoever gives one of another program means something else.
#[test]
fn what_is_no_configuration_is_named_and_what_may_be_one_is_taken() {
    let rows: &[(&str, &str)] = &[
        ("", "this is empty, and no configuration of aws-iam-authenticator"),
        ("# nothing\n---\n", "this is empty, and no configuration of aws-iam-authenticator"),
        ("clusterID: c\n", ""),
        ("server: {}\n", ""),
        ("CLUSTERID: c\n", ""),
        ("region: eu-west-1\n", ""),
        ("{\"server\": {\"port\": 1}}", ""),
        ("sever: {}\n", ""),
        ("mapUsers: []\n", "`mapUsers` is at its top level, where it is ignored"),
        ("clusterID: c\nmaproles: []\n", "`maproles` is at its top level, where it is ignored"),
        ("mapUsers: []\nserver: {}\n", ""),
        ("{\"LastUpdatedDateTime\": \"x\", \"ClusterID\": \"c\", \"mapUsers\": []}", "this is a dynamic file, "),
        ("apiVersion: v1\nclusterID: c\n", ""),
        ("clusterID: c\nserver: {}\ngroups: []\n", ""),
        ("- a\n", ""),
        ("a: [\n", ""),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {}\n",
            "this is a ConfigMap aws-auth, and no configuration of aws-iam-authenticator; give it by `--from`",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\n",
            "this is a ConfigMap a, ",
        ),
        ("{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": []}", "this is a List, "),
        ("apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec: {}\n", "this is a Cluster c, "),
        (
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {name: c}\nspec: {}\n",
            "this is an IAMIdentityMapping c, ",
        ),
        (
            "apiVersion: v1\nkind: Config\nusers: []\ncontexts: []\nclusters: []\n",
            "this is a kubeconfig, and no configuration of aws-iam-authenticator; give it by `--kubeconfig`",
        ),
        ("clusterID: c\ngroups: []\n", "this is an access file, "),
        ("nodes: []\n", "this is an access file, "),
        ("{\"accessEntries\": []}", "this is what the AWS CLI or another program prints, "),
        ("{\"a\": 1}", "it has no key of aws-iam-authenticator's configuration"),
        ("name: x\n", "it has no key of aws-iam-authenticator's configuration"),
    ];
    for (text, expected) in rows {
        let said = crate::no_configuration(&Source::new("config.yaml", *text)).unwrap_or_default();
        assert!(said.starts_with(expected) && said.is_empty() == expected.is_empty(), "{text:?}: {said:?}");
    }
}
