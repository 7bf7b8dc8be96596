//! What running text of several pages tells an administrator to type, on one cluster, in the order of the table.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    page::{self, Reader},
    people::environment,
    shell::Shell,
    test_cluster::TestCluster,
    world::World,
};

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::running_text_is_so_on_a_cluster", cluster)];

pub(super) const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: viewer}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list, watch]}]
";

const ACCESS: &str = "
clusterID: prod.example.com
account: '111122223333'
groups:
- name: developers
  users: [alice]
  authorization:
  - {namespace: shop, clusterRole: viewer}
";

/// Of an application that asks for more than it needs.
const MANIFEST: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: shop-agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: agent, namespace: shop}]
";

const OF_KOPS: &str = "
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: prod.example.com}
spec:
  authentication:
    aws:
      backendMode: CRD
      identityMappings:
      - arn: arn:aws:iam::111122223333:user/alice
        username: alice
        groups: [developers]
";

fn cluster(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "docs-cluster", &format!("{SHOP}---{}", crate::access::DEFINITION))?;
    let crd = "iamidentitymappings.iamauthenticator.k8s.aws";
    managed.admin.kubectl(&["wait", "--for=condition=Established", "crd", crd])?.success()?;
    let kubeadm = managed.folder.join("ClusterConfiguration");
    fs::copy(pages::repository().join("examples/kubeadm/cluster-configuration.yaml"), &kubeadm)?;
    let from_file = format!("--from-file={}", kubeadm.display());
    managed.admin.kubectl(&["-n", "kube-system", "create", "configmap", "kubeadm-config", &from_file])?.success()?;
    at_hand(&managed.folder)?;
    fs::copy(managed.cluster.admin_kubeconfig(), managed.folder.join("prod-eks-a-cluster.kubeconfig"))?;

    let mut shell = Shell::new(&world.parts, &managed.folder)?;
    shell.set("KUBECONFIG", managed.cluster.admin_kubeconfig().display().to_string());
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set_all(world.sts.proxy_environment());
    shell.set("NO_PROXY", "127.0.0.1");
    shell.set("KUBE_EDITOR", "sed -i s/pathType/pathKind/");
    for (placeholder, value) in [
        (" ARN", " arn:aws:iam::111122223333:user/alice"),
        (" CODE", " mapping.none"),
        (" CLUSTER", " prod.example.com"),
        (" ID ", " prod.example.com "),
        (" --context prod.example.com", " --context local"),
    ] {
        shell.stands_for(placeholder, value);
    }
    page::besides(&mut Administrator { folder: &managed.folder, shell })
}

/// Files that the commands name.
pub(super) fn at_hand(folder: &Path) -> anyhow::Result<()> {
    for name in ["base", "clusters", "manifests"] {
        fs::create_dir_all(folder.join(name))?;
    }
    for name in ["base/people.yaml", "clusters/prod.yaml"] {
        fs::copy(pages::repository().join("examples/grown-up").join(name), folder.join(name))?;
    }
    fs::write(folder.join("access.yaml"), ACCESS)?;
    fs::write(folder.join("manifests/agent.yaml"), MANIFEST)?;
    Ok(fs::write(folder.join("cluster.yaml"), OF_KOPS)?)
}

struct Administrator<'a> {
    folder: &'a Path,
    shell: Shell,
}

/// What a command prints, or writes where the file is named: this is in it. Everything else is about alice.
const EXPECTED: [(&str, Option<&str>, &str); 10] = [
    ("kubectl -n kube-system edit", None, "edited"),
    ("kubectl -n kube-system get", Some("kubeadm.yaml"), "pathKind: Directory"),
    ("cluster-auth render --to configmap", None, "aws-iam-authenticator"),
    ("cluster-auth kubeconfig", None, "command: cluster-auth"),
    ("cluster-auth explain CODE", None, "mapping.none"),
    ("cluster-auth lint --from manifests/ -o sarif", Some("lint.sarif"), "cluster-admin"),
    ("cluster-auth lint --from manifests/ --write-exclusions", Some("lint.yaml"), "check: cluster-admin"),
    ("cluster-auth lint --from manifests/ --exclusions", None, "0 danger"),
    ("cluster-auth lint --exclusions", None, "0 danger"),
    ("cluster-auth lint --from access.yaml", None, "shop-agent"),
];

impl Reader for Administrator<'_> {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        if command.starts_with("cluster-auth apply ") {
            let said = self.shell.answers(command, "Type `yes` to confirm:", "yes")?;
            ensure!(said.contains("In effect "), "{said}");
            return Ok(());
        }
        let said = self.shell.runs(command)?;
        let row = EXPECTED.iter().find(|(start, ..)| command.starts_with(start));
        let (_, file, expected) = row.unwrap_or(&("", None, "alice"));
        let text = match file {
            Some(file) => fs::read_to_string(self.folder.join(file)).context(*file)?,
            None => said,
        };
        ensure!(text.contains(expected), "{command}: {text}");
        Ok(())
    }
}
