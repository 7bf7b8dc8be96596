//! The pages for administrators, followed on a real cluster ([`e2e::page`] says how).

use std::fs;

use anyhow::ensure;
use e2e::{
    moto::Moto,
    page::{self, Reader},
    people::environment,
    process,
    shell::Shell,
    test_cluster::{AUTHENTICATOR, TestCluster},
    world::World,
};
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("pages::change_access_shows_what_happens", change_access),
    ("pages::import_shows_what_happens", bring_in),
    ("pages::see_access_shows_what_happens", see_access),
    ("pages::revoke_access_shows_what_happens", out_now),
    ("pages::helm_shows_what_happens", helm),
];

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: viewer}
rules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list, watch]}]
";

fn change_access(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "pages-change", &format!("{SHOP}{AUTHENTICATOR}"))?;
    // The repository whose file it is, and what tells somebody.
    let mut shell = terminal(world, &managed)?;
    shell.stand_in("gh", "test \"$1 $2 $3\" = 'pr comment --body-file' && grep -q '^## Plan' \"$4\"")?;
    shell.stand_in("notify", "echo \"$@\" > notified")?;
    shell.set("GIT_EDITOR", "true");
    shell.output("git init -q && git config user.name alice && git config user.email alice@example.com")?.success()?;
    page::follow("docs/change-access.md", &managed.folder, &mut Repository { shell, managed: &managed })?;
    ensure!(!managed.folder.join("notified").exists(), "nothing had drifted");
    // The role for planning is enough for it.
    managed.admin.kubectl(&["create", "-f", &managed.folder.join("planner.yaml").display().to_string()])?.success()?;
    let binding = ["create", "clusterrolebinding", "planner", "--clusterrole=access-planner", "--user=planner"];
    managed.admin.kubectl(&binding)?.success()?;
    let planner = managed.user("planner", &[])?;
    let plan = process::run(&mut managed.command_as(&planner, &["plan", "-o", "json"]))?.success()?;
    let plan: Value = serde_json::from_str(&plan)?;
    ensure!(plan["complete"] == true, "{plan}");
    let arn = "arn:aws:iam::111122223333:user/alice";
    for args in [&["lint"][..], &["who-can", "get", "pods"], &["matrix"], &["explain", arn]] {
        let said = process::run(&mut managed.command_as(&planner, &[args, &["-o", "json"]].concat()))?.success()?;
        let said: Value = serde_json::from_str(&said)?;
        ensure!(said["incomplete"] == false, "{args:?}: {}", said["gaps"]);
    }
    Ok(())
}

/// Where the file is kept, at whose end is a change that is to be taken back.
struct Repository<'a> {
    shell: Shell,
    managed: &'a TestCluster,
}

impl Reader for Repository<'_> {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        self.shell.types(command)
    }

    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        let is_back = command.starts_with("git revert");
        let secrets = |shell: &Shell| {
            let asked = shell.output("kubectl -n shop get role developers -o jsonpath='{.rules}'")?.success()?;
            anyhow::Ok(asked.contains("secrets"))
        };
        if is_back {
            let commit = "git add access.yaml && git commit -q -m";
            let widened = "sed -i 's/resources: .deployments./resources: [deployments, secrets]/' access.yaml";
            self.shell.output(&format!("{commit} good && {widened} && {commit} bad"))?.success()?;
            self.managed.apply(&[])?.success()?;
            ensure!(secrets(&self.shell)?, "the change that is to be taken back");
        }
        Reader::runs(&mut self.shell, command)?;
        ensure!(!is_back || !secrets(&self.shell)?, "it was taken back");
        Ok(())
    }
}

fn out_now(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "pages-out", &format!("{SHOP}{AUTHENTICATOR}"))?;
    let moto = Moto::start(&world.parts, &managed.folder)?;
    moto.fill("iam.create_user(UserName='mallory')")?;
    let key = moto.fill("print(iam.create_access_key(UserName='mallory')['AccessKey']['AccessKeyId'])")?;
    let mut shell = terminal(world, &managed)?;
    shell.set_all(moto.environment());
    shell.stands_for("AKIA…", key.trim());
    run_at(&mut shell, &managed, "docs/revoke-access.md")?;
    let status = "print(iam.list_access_keys(UserName='mallory')['AccessKeyMetadata'][0]['Status'])";
    ensure!(moto.fill(status)?.trim() == "Inactive", "the key is still good");
    Ok(())
}

/// What years of hands have left.
const GROWN: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs-view, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: viewer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/Node
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
    - rolearn: arn:aws:iam::111122223333:role/Deployer
      username: deployer
      groups: [developers]
  mapUsers: |
    - userarn: arn:aws:iam::111122223333:user/alice
      username: alice
      groups: [developers]
    - userarn: arn:aws:iam::111122223333:user/ops/bob
      username: bob
      groups: [developers, testers]
    - userarn: arn:aws:iam::111122223333:user/carol
      username: carol
      groups: [system:masters]
";

fn bring_in(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "pages-bring-in", &format!("{SHOP}{GROWN}{AUTHENTICATOR}"))?;
    run(world, &managed, "docs/import.md")
}

fn see_access(world: &World) -> anyhow::Result<()> {
    // The page makes what is in it.
    let managed = TestCluster::start(world, "pages-see", "")?;
    let programs = managed.folder.join("bin");
    fs::create_dir_all(&programs)?;
    let mut shell = terminal(world, &managed)?;
    shell.programs_in(&programs);
    // What people write into /usr/local/bin of their machines is the test's.
    shell.stands_for("/usr/local/bin", programs.display().to_string());
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set_all(world.sts.proxy_environment());
    shell.set("NO_PROXY", "127.0.0.1");
    shell.stand_in("aws", &access_entries())?;
    let of = |what: &str| format!("$(kubectl config view -o jsonpath='{{.{what}[0].name}}')");
    let context = format!("kubectl config set-context prod --cluster={} --user={}", of("clusters"), of("users"));
    shell.output(&context)?.success()?;
    for page in ["see-access", "who-can", "matrix", "explain", "diff"] {
        page::follow(&format!("docs/{page}.md"), &managed.folder, &mut shell)?;
    }
    page::besides(&mut shell)
}

/// EKS of the AWS CLI: nothing here has access entries.
fn access_entries() -> String {
    let arn = "arn:aws:iam::111122223333:role/Auditor";
    let entry = json!({"accessEntry": {
        "clusterName": "prod", "principalArn": arn, "kubernetesGroups": ["auditors"], "username": arn, "type": "STANDARD",
        "accessEntryArn": "arn:aws:eks:us-west-2:111122223333:access-entry/prod/role/111122223333/Auditor/0123",
        "createdAt": 1_700_000_000, "modifiedAt": 1_700_000_000, "tags": {},
    }});
    let policies = json!({"clusterName": "prod", "principalArn": arn, "associatedAccessPolicies": []});
    let list = json!({"accessEntries": [arn]});
    format!(
        "case \"$2\" in list-access-entries) echo '{list}' ;; describe-access-entry) echo '{entry}' ;; \
         list-associated-access-policies) echo '{policies}' ;; *) exit 2 ;; esac"
    )
}

fn helm(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "pages-helm", SHOP)?;
    std::os::unix::fs::symlink(crate::chart::repository().join("chart"), managed.folder.join("chart"))?;
    fs::write(managed.folder.join("2018.yaml"), crate::chart::release_of_2018())?;
    run(world, &managed, "docs/helm.md")
}

/// Follows a page as the administrator of a cluster, and types what its running text says besides.
fn run(world: &World, managed: &TestCluster, page: &str) -> anyhow::Result<()> {
    run_at(&mut terminal(world, managed)?, managed, page)
}

fn run_at(shell: &mut Shell, managed: &TestCluster, page: &str) -> anyhow::Result<()> {
    page::follow(page, &managed.folder, shell)?;
    page::besides(shell)
}

fn terminal(world: &World, managed: &TestCluster) -> anyhow::Result<Shell> {
    let mut shell = Shell::new(&world.parts, &managed.folder)?;
    shell.set("KUBECONFIG", managed.cluster.admin_kubeconfig().display().to_string());
    Ok(shell)
}
