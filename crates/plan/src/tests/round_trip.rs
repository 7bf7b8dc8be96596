//! What `render` writes is read back by `import`, and means what it meant.

use std::collections::BTreeMap;

use access::{Access, Expiry, Facts, Kind, RenderTarget, compile, render};
use inventory::{Inputs, MappingTarget};

use super::{around, good, now, sources};
use crate::{Imported, Subject, import};

/// Every shape of members and of grants.
const FILE: &str = "\
- name: developers
  users: [alice, ops/Bob]
  roles:
  - {name: ci/Deployer, username: 'deploy:{{SessionName}}'}
  - {name: Other, account: '444455556666'}
  permissionSets: [DevAccess]
  authorization:
  - {namespace: dev, rules: [{apiGroups: ['', apps], resources: [pods], verbs: ['*']}]}
  - {namespace: dev, rules: [{apiGroups: [''], resources: [services], verbs: [get]}]}
  - {namespaces: [dev, ops], clusterRole: view}
  - {namespace: dev, role: release}
  - {clusterRole: view}
  - {rules: [{apiGroups: [''], resources: [nodes], verbs: [get]}, {nonResourceURLs: [/metrics], verbs: [get]}]}
- name: ops
  users: [alice, {name: carol, username: carol@example.com}]
- name: system:masters
  accept: {access.system-name: the administrators}
  roles: [{name: Admins, username: admins}]
nodes: [{roles: [Node]}]
";

fn facts() -> Facts {
    let mut facts = Facts::default();
    let account = "111122223333".parse().expect("an account");
    let role = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_DevAccess_0123456789abcdef";
    facts.permission_sets.insert((account, "devaccess".to_owned()), role.to_owned());
    facts
}

fn rendered(access: &Access, target: RenderTarget) -> String {
    render(access, &facts(), now(), target, Expiry::Refuse).expect("renders").text
}

/// The cluster that has the roles and bindings of a file, and whoever logs in by texts beside it.
fn imported(access: &Access, texts: &[String]) -> Imported {
    let mut given = Inputs::default();
    let namespaces =
        ["dev", "ops"].map(|name| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    let objects = format!("{}{}", namespaces.concat(), rendered(access, RenderTarget::Rbac));
    for (at, text) in [&objects].into_iter().chain(texts).enumerate() {
        assert!(given.read(&at.to_string(), text.as_bytes()).expect("readable"), "{text}");
    }
    for kind in ["Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap"] {
        given.dump.has_none(kind);
    }
    let files = given.access_files();
    let Inputs { mut dump, entries, configuration, .. } = given;
    if let Some(configuration) = configuration {
        let data = BTreeMap::from([("config.yaml".to_owned(), configuration.text().to_owned())]);
        dump.configured_by(access::ConfigMap { data, ..access::ConfigMap::default() });
    }
    let (partition, facts) = (dump.partition(), facts());
    let mut observed = dump.observed(MappingTarget::ConfigMap, partition, now());
    assert_eq!(observed.unseen, []);
    if let Some(files) = files {
        let access = access::read(&files, &document::Limits::default()).access;
        observed.add_access_file(&access, &files, &facts, now());
    }
    observed.entries = entries;
    import(&Subject { observed: &observed, cluster_id: "c", untold: &[], facts: &facts, now: now() })
}

/// Who everybody is, by kind, account and name: STS leaves the paths of roles out, and whoever is in `system:masters`
/// may as well have what `cluster-admin` allows.
fn people(access: &Access) -> Vec<String> {
    let (desired, problems) = compile(access, &facts(), now());
    assert_eq!(problems, []);
    let person = |person: &access::Person| {
        let access::AccessPrincipal { kind, account, path, name, .. } = &person.principal;
        let path = if *kind == Kind::User { path } else { "" };
        let groups: Vec<&str> = person.groups.keys().map(|group| &**group).collect();
        format!("{kind:?} {account} {path}{name} as {} in {}", person.username, groups.join(" "))
    };
    let nodes = desired.nodes.iter().map(|node| format!("node {} {}", node.account, node.name));
    desired.people.iter().map(person).chain(nodes).collect()
}

fn objects(access: &Access) -> String {
    rendered(access, RenderTarget::Rbac)
}

#[test]
fn every_form_that_render_writes_is_read_back() {
    let access = good(&around(FILE));
    let targets = [
        RenderTarget::Config,
        RenderTarget::ConfigMap,
        RenderTarget::AwsAuth,
        RenderTarget::Crd,
        RenderTarget::AccessEntries,
        RenderTarget::AccessEntriesTerraform,
        RenderTarget::Access,
    ];
    for target in targets {
        let imported = imported(&access, &[rendered(&access, target)]);
        let sources = sources(&[&imported.text]);
        let again = access::read(&sources, &document::Limits::default());
        assert_eq!(again.problems, [], "{}: {}", target.as_str(), imported.text);
        let mut expected = people(&access);
        let mut expected_objects = objects(&access);
        if matches!(target, RenderTarget::AccessEntries | RenderTarget::AccessEntriesTerraform) {
            // EKS takes no group of Kubernetes' own: a policy stands in for it, and a group of ours for that.
            for person in &mut expected {
                *person = person.replace("system:masters", "eks-cluster-admin");
            }
            let binding = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: cluster-auth:eks-cluster-admin:cluster-admin\n";
            assert!(objects(&again.access).contains(binding), "{}", objects(&again.access));
            expected_objects = objects(&again.access);
        }
        assert_eq!(people(&again.access), expected, "{}: {}", target.as_str(), imported.text);
        assert_eq!(objects(&again.access), expected_objects, "{}: {}", target.as_str(), imported.text);
        // Whether these are all entries of the cluster, such a file does not say.
        let left: Vec<String> = imported.left.iter().map(|left| left.what.to_string()).collect();
        let is_of_eks = matches!(target, RenderTarget::AccessEntries | RenderTarget::AccessEntriesTerraform);
        assert_eq!(left, ["EKS access entries"][..usize::from(is_of_eks)], "{}", target.as_str());
        assert_eq!(imported.superseded, [], "{}", target.as_str());
    }
}
