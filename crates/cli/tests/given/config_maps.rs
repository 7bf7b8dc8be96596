//! `ConfigMap`s of logins: which of them are needed, and what is not written over.

use super::{prepared, run, whole};

/// Of `ConfigMap`s an import needs those that are read for logins.
#[test]
fn an_import_needs_no_other_configmaps_than_those_of_logins() {
    use serde_json::json;
    let folder = prepared();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "kube-system", "resourceVersion": "1"}});
    let mut aws_auth = map("aws-auth");
    // One entry that cannot match takes no other with it.
    aws_auth["data"] = json!({
        "mapRoles": "- {rolearn: 'arn:aws:iam::111122223333:role/Dev', username: dev, groups: [devs]}",
        "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:group/admins', username: jo, groups: ['system:masters']}",
    });
    let mut all = whole();
    let items = all["items"].as_array_mut().expect("a list");
    let without = |items: &[serde_json::Value], more: &[&serde_json::Value]| {
        let rest = items.iter().filter(|item| item["kind"] != "ConfigMap").chain(more.iter().copied());
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": rest.collect::<Vec<_>>()}).to_string()
    };
    let mut server = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "a", "namespace": "kube-system", "resourceVersion": "1"}});
    server["spec"]["template"]["spec"] = json!({
        "containers": [{"name": "a", "image": "aws-iam-authenticator:v0.7.18", "args": ["server", "--backend-mode=EKSConfigMap,MountedFile"]}],
        "volumes": [{"name": "c", "configMap": {"name": "aws-iam-authenticator"}}],
    });
    write("rest.json", without(items, &[]));
    write("selection.json", without(items, &[&aws_auth]));
    write("other.json", without(items, &[&map("coredns")]));
    write("alone.json", aws_auth.to_string());
    write("server.json", server.to_string());
    aws_auth["metadata"].as_object_mut().expect("an object").remove("resourceVersion");
    write("written.json", aws_auth.to_string());
    for from in ["--from selection.json", "--from rest.json --from alone.json"] {
        let said = run(folder.path(), &format!("import -i c {from}"), Some(0));
        let note = said.lines().find(|line| line.starts_with("note: the ConfigMaps of kube-system: "));
        assert!(note.is_some_and(|note| note.contains("aws-auth is here")), "{from}: {said}");
        assert!(!said.contains("error"), "{from}: {said}");
    }
    let refused =
        ["--from other.json", "--from rest.json --from written.json", "--from selection.json --from server.json"];
    for from in refused {
        let said = run(folder.path(), &format!("import -i c {from}"), Some(1));
        assert!(said.contains("error: the ConfigMaps of kube-system: "), "{from}: {said}");
    }
}

/// An `aws-auth` that was given and cannot be read is none that others wrote nothing into.
#[test]
fn nothing_is_written_over_a_configmap_that_cannot_be_read() {
    let folder = prepared();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let users = "- {userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [y]}";
    let map = |metadata: &str, data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{{metadata}}}\ndata:\n  mapUsers: {data}\n")
    };
    let here = "name: aws-auth, namespace: kube-system";
    write("placed.yaml", &map(here, &format!("|\n    {users}")));
    write("no-namespace.yaml", &map("name: aws-auth", &format!("|\n    {users}")));
    write("list.yaml", &map(here, &format!("\n  {users}")));
    write(
        "list.json",
        r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system", "resourceVersion": "1"}, "data": {"mapUsers": []}}"#,
    );
    write("other.yaml", &map("name: other", &format!("|\n    {users}")));
    let of = "render --to aws-auth access.yaml --from";
    for file in ["no-namespace.yaml", "list.yaml", "list.json"] {
        let said = run(folder.path(), &format!("{of} {file}"), Some(1));
        let why = "nothing is written: ConfigMap kube-system/aws-auth was given but cannot be read";
        assert!(said.contains(why) && said.contains("incomplete: ConfigMap "), "{file}: {said}");
        assert!(!said.contains("has nothing that this command uses"), "{file}: {said}");
        run(folder.path(), &format!("render --to rbac access.yaml --from {file}"), Some(0));
    }
    run(folder.path(), &format!("{of} placed.yaml"), Some(0));
    run(folder.path(), &format!("{of} no-namespace.yaml --default-namespace kube-system"), Some(0));
    run(folder.path(), &format!("{of} other.yaml"), Some(0));
}
