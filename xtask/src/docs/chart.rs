//! The chart: its version is ours, and its values.yaml and README come from the keys that only it knows.

use access::keys::{Key, Object, Shape};

const WIDTH: usize = 110;

/// What Artifact Hub shows of the chart.
const ARTIFACT_HUB: &str = "\
keywords: [aws, iam, authentication, rbac, webhook, aws-iam-authenticator]
annotations:
  artifacthub.io/category: security
  artifacthub.io/license: Apache-2.0
  artifacthub.io/operator: \"false\"
";

/// chart/cluster-auth/Chart.yaml. From Kubernetes 1.25 on a DaemonSet's new pod may start beside the old one (maxSurge).
pub(super) fn chart() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "# Written by `cargo xtask docs` from the code; changes here are lost.\napiVersion: v2\nname: cluster-auth\n\
         description: Kubernetes access for AWS IAM identities, from one file\ntype: application\nversion: {version}\n\
         appVersion: {version}\nkubeVersion: \">=1.25.0-0\"\n{ARTIFACT_HUB}  artifacthub.io/images: |\n    \
         - name: cluster-auth\n      image: cluster-auth/cluster-auth:{version}\n      \
         platforms: [linux/amd64, linux/arm64]\n"
    )
}

const VALUES: &str = "\
# Written by `cargo xtask docs` from the code; changes here are lost.
#
# These are the chart's own settings. The keys of the access file stand beside them, as in 2018: who may log in, and what they
# may do. Their meaning: docs/access-file.md. Give the file itself:
#   helm upgrade --install cluster-auth chart/cluster-auth --namespace kube-system --values access.yaml
#
# clusterID: prod.example.com
# groups:
# - name: developers
#   users: [alice]
#   authentication: {account: \"111122223333\"}
#   authorization:
#   - {namespace: dev, clusterRole: edit}
";

/// chart/cluster-auth/values.yaml.
pub(super) fn values() -> String {
    let mut text = VALUES.to_owned();
    write_values(Object::File, 0, &mut text);
    text
}

fn write_values(object: Object, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for key in object.keys().iter().filter(|key| key.of_chart) {
        text.push_str(if depth == 0 { "\n" } else { "" });
        for line in wrapped(key.about, WIDTH) {
            text.push_str(&format!("{indent}# {line}\n"));
        }
        if let Shape::Choice(choices) = key.shape {
            text.push_str(&format!("{indent}# One of {}.\n", choices.join(", ")));
        }
        match key.shape {
            Shape::One(inner) => {
                text.push_str(&format!("{indent}{}:\n", key.name));
                write_values(inner, depth + 1, text);
            }
            _ => text.push_str(&format!("{indent}{}: {}\n", key.name, key.default)),
        }
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

const README: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# The Helm chart

Who may log in to a Kubernetes cluster with an AWS identity, and what they may do there: the webhook server on every control plane
node, the access file as its ConfigMap, and the file's roles and bindings. For Helm 4 and Helm 3; how to install it, and how to
come from the 2018 chart, says [docs/helm.md](../../docs/helm.md).

```sh
cluster-auth check access.yaml
helm upgrade --install cluster-auth chart/cluster-auth --namespace kube-system --values access.yaml
```

The values are the access file ([its keys](../../docs/access-file.md)), with these settings of the chart beside them:

| value | meaning | default |
|---|---|---|
";

/// chart/cluster-auth/README.md.
pub(super) fn readme() -> String {
    let mut page = README.to_owned();
    write_rows(Object::File, "", &mut page);
    page
}

fn write_rows(object: Object, prefix: &str, page: &mut String) {
    for Key { name, shape, default, about, .. } in object.keys().iter().filter(|key| key.of_chart) {
        match shape {
            Shape::One(inner) => write_rows(*inner, &format!("{prefix}{name}."), page),
            Shape::Choice(choices) => {
                let choices = choices.join("`, `");
                page.push_str(&format!("| `{prefix}{name}` | {about} One of `{choices}`. | `{default}` |\n"));
            }
            _ => page.push_str(&format!("| `{prefix}{name}` | {about} | `{default}` |\n")),
        }
    }
}
