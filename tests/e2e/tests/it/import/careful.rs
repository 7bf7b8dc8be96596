//! What `import` says to be careful about is so once the file is applied: held against the cluster before and after.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{process::wait_until, test_cluster::TestCluster, world::World};
use local_cluster::Options;
use serde_json::{Value, json};

/// `cluster-auth server` matches a role that is written with its path, aws-iam-authenticator does not.
const OBJECTS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: ci}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-iam-authenticator, namespace: kube-system}
data:
  config.yaml: |
    clusterID: c
    server:
      mapRoles:
      - {rolearn: 'arn:aws:iam::111122223333:role/ci/Deployer', username: deployer, groups: [ci]}
";

pub(super) fn holds(world: &World) -> anyhow::Result<()> {
    role_with_path(world)?;
    access_policies(world)
}

/// "The role ARN has a path, so aws-iam-authenticator lets nobody in by this entry".
fn role_with_path(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "import-careful", OBJECTS)?;
    let imported = managed.run(&["import", "--reader", "cluster-auth"])?;
    let careful = "careful: arn:aws:iam::111122223333:role/ci/Deployer";
    let so = "the role ARN has a path, so aws-iam-authenticator lets nobody in by this entry. The access file has the \
              role without its path, and lets it in";
    let line =
        imported.stderr.lines().find(|line| line.starts_with(careful)).with_context(|| imported.stderr.clone())?;
    let stops =
        "`apply --mapping configmap` stops until you remove the path from the existing entry, or the entry itself";
    ensure!(line.contains(so) && line.contains(stops), "{line}");
    let verdict = |reader: &str| -> anyhow::Result<String> {
        let arn = "arn:aws:iam::111122223333:role/Deployer";
        let said = managed.run(&["explain", arn, "-o", "json", "--reader", reader])?.success()?;
        Ok(serde_json::from_str::<Value>(&said)?["verdict"].as_str().unwrap_or_default().to_owned())
    };
    let both = || anyhow::Ok([verdict("aws-iam-authenticator")?, verdict("cluster-auth")?]);
    ensure!(both()? == ["refused", "letIn"], "before: {:?}", both()?);
    managed.file(&imported.success()?)?;
    let apply = ["--mapping", "configmap", "--adopt", "--reader", "cluster-auth"];
    let before = managed.dump()?;
    let stopped = managed.apply(&apply)?.failure()?;
    ensure!(stopped.contains("[plan.unmergeable]") && stopped.contains("role/ci/Deployer"), "{stopped}");
    ensure!(managed.dump()? == before, "it stopped and changed something");
    let mended = OBJECTS.rsplit("---").next().unwrap_or_default().replace("role/ci/Deployer", "role/Deployer");
    managed.admin.with_file(&["replace"], &mended)?.success()?;
    managed.apply(&apply)?.success()?;
    ensure!(both()? == ["letIn", "letIn"], "after: {:?}", both()?);
    Ok(())
}

/// "the group eks-edit-shop has the ClusterRole edit for it; it allows besides: …; it does not allow: …": every verb on every
/// resource that is named is put to the API server.
fn access_policies(world: &World) -> anyhow::Result<()> {
    // What `view`, `edit` and `admin` allow is filled in by a controller.
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(
        world,
        "import-policies",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        &options,
    )?;
    wait_until("`view` is filled in", || {
        let rules = managed.admin.kubectl(&["get", "clusterrole", "view", "-o", "jsonpath={.rules}"])?.success()?;
        Ok(rules.contains("deployments"))
    })?;
    let policies = ["AmazonEKSViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSAdminPolicy"];
    let arn = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
    let mut args = vec!["import", "-i", "c"];
    let mut files = vec![("list.json".to_owned(), json!({"accessEntries": policies.map(arn)}))];
    for policy in policies {
        let entry = json!({"accessEntry": {"principalArn": arn(policy), "kubernetesGroups": [], "username": policy, "type": "STANDARD"}});
        let association = json!({"policyArn": format!("arn:aws:eks::aws:cluster-access-policy/{policy}"),
            "accessScope": {"type": "namespace", "namespaces": ["shop"]}});
        files.push((format!("{policy}.json"), entry));
        files.push((
            format!("{policy}-policies.json"),
            json!({"principalArn": arn(policy), "associatedAccessPolicies": [association]}),
        ));
    }
    let mode = json!({"cluster": {"accessConfig": {"authenticationMode": "API"}}});
    files.push(("cluster.json".to_owned(), mode));
    for (name, text) in &files {
        fs::write(managed.folder.join(name), text.to_string())?;
        args.extend(["--from", name]);
    }
    args.extend(["--context", "local"]);
    let imported = managed.run(&args)?;
    let careful: Vec<String> =
        imported.stderr.lines().filter(|line| line.starts_with("careful: ")).map(str::to_owned).collect();
    managed.file(&imported.success()?)?;
    managed.apply(&["--mapping", "none"])?.success()?;
    let mut asked = 0;
    for line in &careful {
        let (_, rest) = line.split_once("the group ").with_context(|| line.clone())?;
        let group = rest.split(' ').next().unwrap_or_default();
        for (words, expected) in [("it allows besides: ", "yes"), ("it does not allow: ", "no")] {
            let Some((_, phrases)) = rest.split_once(words) else { continue };
            let phrases = phrases.split("; it does not allow: ").next().unwrap_or_default();
            for (verbs, things) in phrases.split("; ").filter_map(|phrase| phrase.split_once(" on ")) {
                for (verb, thing) in
                    verbs.split(", ").flat_map(|verb| things.split(", ").map(move |thing| (verb, thing)))
                {
                    // What is counted and not named cannot be asked about.
                    let thing = thing.split(" and ").next().unwrap_or_default();
                    let (resource, subresource) = of_api(thing);
                    let mut question =
                        vec!["auth", "can-i", verb, &resource, "-n", "shop", "--as", "somebody", "--as-group", group];
                    let flag = format!("--subresource={subresource}");
                    question.extend((!subresource.is_empty()).then_some(&*flag));
                    let said = managed.admin.kubectl(&question)?;
                    ensure!(said.stdout.trim() == expected, "{question:?} is {}, and {line}", said.stdout);
                    asked += 1;
                }
            }
        }
    }
    ensure!(asked > 10, "only {asked} questions came of {careful:#?}");
    Ok(())
}

/// `pods/exec`, `deployments/scale.apps` as kubectl takes them: the resource with its group, and the subresource.
fn of_api(thing: &str) -> (String, String) {
    let (resource, group) = thing.split_once('.').unwrap_or((thing, ""));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    (format!("{resource}{group}"), subresource.to_owned())
}
