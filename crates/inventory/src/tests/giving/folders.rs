//! Folders, where everything lies that a repository has.

use super::{RBAC, lines};
use crate::{How, Inputs};

/// What is not a manifest is passed over where a folder is read; what looks like one of access is a gap.
#[test]
fn a_repository_has_more_than_manifests() {
    let template = "{{- if .Values.rbac.create }}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {{ include \"x\" . }}\n{{- end }}\n";
    let rows = [
        ("broken YAML", "language: go\nenv: [A: 1, B: 2\n".to_owned(), None),
        (
            "a template of no interest",
            template.replace("ClusterRole", "Deployment").replace("rbac.authorization.k8s.io", "apps"),
            None,
        ),
        ("a template", template.to_owned(), Some("gap: a ClusterRole (it:3): it is a template (line 1: ")),
        (
            "a template whose kind is one too",
            template.replace("ClusterRole", "{{ .Values.kind }}"),
            Some("gap: an object of rbac.authorization.k8s.io (it:2): it is a template"),
        ),
        (
            "a manifest that is cut off",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: [\n".to_owned(),
            Some("gap: a Role (it:2): it cannot be read: line 3: "),
        ),
        (
            "a template of logins",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth}\ndata:\n  {{ toYaml .Values.x }}\n".to_owned(),
            Some("gap: a ConfigMap (it:2): it is a template"),
        ),
        (
            "another ConfigMap's template",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  {{ toYaml .Values.x }}\n".to_owned(),
            None,
        ),
        ("JSON of something else", r#"{"name": "x", "scripts": {"kind": "Role"}}"#.to_owned(), None),
        (
            "JSON that is cut off",
            r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "#.to_owned(),
            Some("gap: a ClusterRole (it:1): it ends before it is complete, as if it had been cut off"),
        ),
        (
            "a list that is cut off",
            r#"{"apiVersion":"v1","kind":"List","items":["#.to_owned(),
            Some("gap: a List (it:1): it ends before it is complete, as if it had been cut off"),
        ),
        (
            "what kubectl prints, cut off",
            "{\n  \"apiVersion\": \"v1\",\n  \"items\": [\n    {\n".to_owned(),
            Some("gap: a List (it:1): it ends before it is complete, as if it had been cut off"),
        ),
        (
            "what kubectl prints as YAML, cut off between two of its elements",
            "apiVersion: v1\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: dev}}\n".to_owned(),
            Some("gap: a list (it:1): it has no `kind`, which kubectl prints after all elements, so it was cut off"),
        ),
        (
            "what kubectl prints as YAML, cut off",
            "---\napiVersion: v1\nitems:\n- data: {a: \n".to_owned(),
            Some("gap: a List (it:2): it cannot be read: line "),
        ),
        (
            "another list, cut off",
            "apiVersion: v1\nkind: ConfigMapList\nitems: [\n".to_owned(),
            Some("gap: a ConfigMapList (it:2): it cannot be read: line "),
        ),
        (
            "a role behind other objects on one line",
            r#"{"items":[{"kind":"Pod"},{"kind":"ClusterRole","#.to_owned(),
            Some("gap: a ClusterRole (it:1): it ends before it is complete, as if it had been cut off"),
        ),
        (
            "a list that is nested too deep",
            format!(
                "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":{}{}}}",
                "[".repeat(10_000),
                "]".repeat(10_000)
            ),
            Some("gap: a List (it:1): it cannot be read: line 1: "),
        ),
        (
            "a directive that kubectl takes apart from its document",
            format!("%YAML 1.1\n---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n"),
            Some("gap: a ClusterRole (it:4): it cannot be read: line 1: kubectl separates directives"),
        ),
        ("Prometheus' rules", "groups:\n- name: a\n  rules: [{alert: b, expr: up}]\n".to_owned(), None),
        ("values", "rbac: {create: true}\n".to_owned(), None),
        (
            "several documents, one of them broken",
            format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n---\na: [\n"),
            Some("ClusterRole a:  (it:1)\n"),
        ),
    ];
    for (name, text, expected) in rows {
        let mut given = Inputs::default();
        let how = How { is_of_folder: true, ..How::default() };
        let known = given.read_as("it", text.as_bytes(), how).expect(name);
        let lines = lines(given);
        assert_eq!(known, expected.is_some(), "{name}: {lines}");
        assert!(
            lines.starts_with(expected.unwrap_or_default()) && lines.is_empty() == expected.is_none(),
            "{name}: {lines}"
        );
    }
}
