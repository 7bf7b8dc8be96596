//! Which server reads the authenticator's own configuration: said by whoever asks, or by the image of its `DaemonSet`.

use mapping::{Reader, aws_iam_authenticator::Options};
use serde_json::Value;

/// What is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// Who said so with a flag.
    pub(super) asked: Option<Reader>,
    /// What runs.
    pub(super) seen: Option<Reader>,
    /// What that is started with.
    pub(super) options: Options,
}

impl Server {
    /// Who reads the configuration.
    pub(super) fn reader(self) -> Option<Reader> {
        self.asked.or(self.seen)
    }

    /// Looks at the `spec` of a `DaemonSet` or a pod's.
    pub(super) fn look_at(&mut self, spec: &Value) {
        let containers = spec["template"]["spec"]["containers"].as_array().into_iter().flatten();
        for container in containers {
            let image = container["image"].as_str().unwrap_or_default();
            let name = image.rsplit('/').next().and_then(|name| name.split(['@', ':']).next()).unwrap_or_default();
            let reader = match name {
                "aws-iam-authenticator" => Reader::AwsIamAuthenticator,
                "cluster-auth" => Reader::ClusterAuth,
                _ => continue,
            };
            self.seen = Some(reader);
            let words = ["command", "args"].into_iter().filter_map(|key| container[key].as_array()).flatten();
            let mut gates = words.filter_map(Value::as_str).filter(|word| word.contains("SSORoleMatch"));
            let is_on = |word: &str| word.to_ascii_lowercase().contains("ssorolematch=true");
            self.options.sso_role_match |= gates.any(is_on);
        }
    }

    /// Takes in what another one has seen.
    pub(super) fn extend(&mut self, other: Self) {
        self.asked = self.asked.or(other.asked);
        self.seen = self.seen.or(other.seen);
        self.options.sso_role_match |= other.options.sso_role_match;
    }
}

#[cfg(test)]
mod tests {
    use mapping::Reader;
    use serde_json::json;

    use super::Server;

    #[test]
    fn the_image_says_who_runs_and_the_arguments_with_which_gate() {
        let of = |image: &str, args: &[&str]| {
            let mut server = Server::default();
            server.look_at(&json!({"template": {"spec": {"containers": [{"image": image, "args": args}]}}}));
            (server.reader(), server.options.sso_role_match)
        };
        let aws = Some(Reader::AwsIamAuthenticator);
        let hub = "602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-iam-authenticator:v0.7.18";
        assert_eq!(of(hub, &["server", "--feature-gates=SSORoleMatch=true"]), (aws, true));
        assert_eq!(of("localhost:5000/aws-iam-authenticator@sha256:00", &["server"]), (aws, false));
        assert_eq!(of("registry.example.com/cluster-auth/cluster-auth:1", &[]), (Some(Reader::ClusterAuth), false));
        assert_eq!(of("nginx:1", &["--feature-gates=SSORoleMatch=true"]), (None, false));
    }
}
