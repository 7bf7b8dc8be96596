//! What the chart refuses, and how it says so.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::world::World;

use super::{helms, template};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("chart::says_what_helm_cannot_do_and_which_command_can", cannot),
    ("chart::without_roles_and_bindings_carries_what_the_server_does", without_rbac),
    ("chart::refuses_values_that_are_none", wrong_values),
];

/// A file around one group.
fn around(group: &str) -> String {
    format!("clusterID: c\naccount: '111122223333'\ngroups:\n- {{name: devs, {group}}}\n")
}

/// What Helm says to values, both versions of it.
fn said(world: &World, folder: &Path, values: &str, args: &[&str]) -> anyhow::Result<Vec<String>> {
    fs::write(folder.join("values.yaml"), values)?;
    let refused = |helm| template(helm, folder, &[&["--values", "values.yaml"], args].concat())?.failure();
    helms(world).into_iter().map(refused).collect()
}

fn cannot(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-cannot")?;
    let aws = "`cluster-auth render --to access --aws access.yaml`";
    let live = "`cluster-auth render --to access --live access.yaml`";
    let ends = "`cluster-auth render --to access --expiry at-next-apply access.yaml`";
    let rows: [(&str, &str, &[&str]); 16] = [
        ("IAM groups", "iamGroups: [Devs]", &["group devs", "iamGroups", aws]),
        (
            "a selector",
            "authorization: [{namespaceSelector: {matchLabels: {a: b}}, clusterRole: view}]",
            &["namespaceSelector", live],
        ),
        ("a glob", "authorization: [{namespaces: ['team-*'], clusterRole: view}]", &["team-*", live]),
        ("a group that ends", "expires: 2030-01-01", &["expires", ends, "cluster-auth apply"]),
        ("somebody who leaves", "users: [{name: a, expires: 2030-01-01}]", &["expires", ends]),
        ("the first revision of 2018", "authentication: {role: Admin}", &["authentication.role", "`roles:`"]),
        ("an empty authorization", "authorization: []", &["authorization is empty", "remove the key"]),
        ("a null authorization", "authorization: null", &["authorization is empty"]),
        ("a null namespace", "authorization: [{namespace: , clusterRole: view}]", &["namespace is empty"]),
        ("no namespaces", "authorization: [{namespaces: [], clusterRole: view}]", &["namespaces is empty"]),
        ("two places", "authorization: [{namespace: a, namespaces: [b], clusterRole: view}]", &["both say where"]),
        ("two rights", "authorization: [{clusterRole: view, role: a}]", &["exactly one of"]),
        ("a Role everywhere", "authorization: [{role: a}]", &["belongs to a namespace"]),
        ("a name that is a number", "users: [1e3]", &["/groups/0/users/0", "string"]),
        ("an account that is a number", "authentication: {account: 111122223333}", &["account", "string"]),
        ("a key that is misspelt", "authorisation: []", &["authorisation"]),
    ];
    for (name, group, words) in rows {
        for said in said(world, &folder, &around(group), &[])? {
            // Helm 3.22 names JSON pointers and Helm 4 too; older ones print dots.
            let missing = words.iter().find(|word| !said.contains(**word));
            ensure!(missing.is_none(), "{name}: {missing:?} is not in\n{said}");
        }
    }
    for said in said(world, &folder, &around("permissionSets: [Dev]"), &["--set", "authenticator.reads=config.yaml"])? {
        ensure!(said.contains("permissionSets") && said.contains(aws), "{said}");
    }
    Ok(())
}

fn without_rbac(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-without-rbac")?;
    let file = "users: [{name: a, expires: 2030-01-01}], permissionSets: [Dev], expires: 2031-01-01, authorization: \
                [{namespaces: ['team-*'], clusterRole: view}, {namespaceSelector: {matchLabels: {a: b}}, clusterRole: view}]";
    fs::write(folder.join("values.yaml"), around(file))?;
    for helm in helms(world) {
        let args = ["--values", "values.yaml", "--set", "rbac.create=false"];
        let made = super::objects(&template(helm, &folder, &args)?.success()?)?;
        let kinds: Vec<&str> = made.iter().filter_map(|object| object["kind"].as_str()).collect();
        ensure!(kinds == ["ServiceAccount", "ConfigMap", "DaemonSet", "Pod"], "{kinds:?}");
        let text = super::object(&made, "ConfigMap", "cluster-auth-access")?["data"]["access.yaml"].as_str();
        let text = text.context("access.yaml")?;
        ensure!(text.contains("expires: 2030-01-01") || text.contains("expires: \"2030-01-01\""), "{text}");
    }
    Ok(())
}

fn wrong_values(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-wrong-values")?;
    let rows = [
        ("no cluster id", "groups: []", "clusterID: is missing"),
        ("a section without a value", "clusterID: c\nauthenticator:", "authenticator: is there and has no value"),
        ("an unknown setting", "clusterID: c\nauthenticator: {imgae: x}", "imgae"),
        ("an image without a tag", "clusterID: c\nauthenticator: {image: a/b}", "needs its tag"),
        (
            "the existing program with an access file",
            "clusterID: c\nauthenticator: {image: x/aws-iam-authenticator, tag: v1}",
            "set it to config.yaml",
        ),
        (
            "a source that is none",
            "clusterID: c\nauthenticator: {backendMode: [File]}",
            "MountedFile, EKSConfigMap, CRD, DynamicFile",
        ),
        (
            "a source without its file",
            "clusterID: c\nauthenticator: {backendMode: [DynamicFile]}",
            "authenticator.dynamicFile: says where DynamicFile of authenticator.backendMode finds its file, and is empty",
        ),
        (
            "a file that no source has",
            "clusterID: c\nauthenticator: {dynamicFile: /a/b.json}",
            "authenticator.dynamicFile: nobody reads it",
        ),
        (
            "a file that the existing program takes only beside its mode",
            "clusterID: c\nauthenticator: {reads: config.yaml, image: a, tag: b, dynamicFile: /a/b, backendModeFile: /a/c}",
            "authenticator.dynamicFile: nobody reads it",
        ),
        (
            "a file in some folder",
            "clusterID: c\nauthenticator: {backendModeFile: modes.json}",
            "authenticator.backendModeFile: is a file of every control plane node: write its whole path",
        ),
        (
            "a path as a key",
            "clusterID: c\nauthenticator: {backendModeFile: /a/b, filesFrom: logins}",
            "authenticator.backendModeFile: is a key of the ConfigMap logins, and a key has no slash",
        ),
        (
            "files from nowhere",
            "clusterID: c\nauthenticator: {filesFrom: logins}",
            "authenticator.filesFrom: has the files of",
        ),
        (
            "a file without a configuration that names it",
            "clusterID: c\naccess: {create: false}\nauthenticator: {backendModeFile: /a/b}",
            "has no place where access.create is false",
        ),
        (
            "sources by the configuration",
            "clusterID: c\nauthenticator: {config: {backendMode: [CRD]}}",
            "authenticator.config: backendMode comes from authenticator.backendMode",
        ),
        (
            "a file of the configuration without its volume",
            "clusterID: c\nauthenticator: {config: {dynamicFilePath: /a}}",
            "authenticator.config: dynamicFilePath comes from authenticator.dynamicFile",
        ),
        ("metrics of a local server", "clusterID: c\nserviceMonitor: {enabled: true}", "authenticator.address"),
        (
            "alerts about another server",
            "clusterID: c\nauthenticator: {reads: config.yaml, image: a, tag: b}\nprometheusRule: {enabled: true}",
            "does not have",
        ),
        (
            "our answers of another server",
            "clusterID: c\nauthenticator: {reads: config.yaml, image: a, tag: b, denyWith200: true}",
            "authenticator.denyWith200: aws-iam-authenticator does not have it",
        ),
        (
            "whom to compare another server with",
            "clusterID: c\nauthenticator: {reads: config.yaml, image: a, tag: b, shadowOf: 'https://a'}",
            "authenticator.shadowOf: aws-iam-authenticator does not have it",
        ),
        (
            "tokens in the clear",
            "clusterID: c\nauthenticator: {shadowOf: 'http://localhost:21400/authenticate'}",
            "it has to be an https:// URL",
        ),
        (
            "an authority of nobody",
            "clusterID: c\nauthenticator: {shadowOfCa: /a/cert.pem}",
            "authenticator.shadowOf, which is empty",
        ),
        (
            "an authority in some folder",
            "clusterID: c\nauthenticator: {shadowOf: 'https://a', shadowOfCa: cert.pem}",
            "write its whole path",
        ),
        (
            "two that answer",
            "clusterID: c\nauthenticator: {shadowOf: 'https://a', denyWith200: true}",
            "leave one of the two out",
        ),
        (
            "two that answer, one by the configuration",
            "clusterID: c\nauthenticator: {shadowOf: 'https://a', config: {denyWith200: true}}",
            "leave one of the two out",
        ),
        ("a yes that is a text", "clusterID: c\nauthenticator: {denyWith200: 'yes'}", "/authenticator/denyWith200"),
        (
            "an own configuration and none",
            "clusterID: c\naccess: {create: false}\nauthenticator: {config: {a: 1}}",
            "access.create",
        ),
    ];
    for (name, values, words) in rows {
        for said in said(world, &folder, values, &[])? {
            ensure!(said.contains(words), "{name}: `{words}` is not in\n{said}");
        }
    }
    Ok(())
}
