//! Which program a plugin is, and where in its command line the one stands that makes tokens.

/// The programs whose words this one answers to; `aws2` was the preview of the AWS CLI's version 2.
const PROGRAMS: [&str; 4] = ["aws", "aws2", "aws-iam-authenticator", "heptio-authenticator-aws"];

/// This program, in a plugin that was converted already.
const OURS: &str = "cluster-auth";

/// Programs that log in by other means than AWS credentials: nothing of theirs could be another program's.
const OTHERS: [&str; 15] = [
    "gke-gcloud-auth-plugin",
    "gcloud",
    "kubelogin",
    "kubectl-oidc_login",
    "kubectl",
    "az",
    "tsh",
    "doctl",
    "oci",
    "ibmcloud",
    "pinniped",
    "linode-cli",
    "civo",
    "scw",
    "step",
];

/// Programs that run another one on this machine, with other credentials or surroundings: any program may be that one.
const IN_FRONT: [&str; 19] = [
    "aws-vault",
    "aws-okta",
    "aws-runas",
    "aws-sso",
    "saml2aws",
    "granted",
    "assume",
    "assumego",
    "chamber",
    "envchain",
    "vaulted",
    "doppler",
    "infisical",
    "direnv",
    "env",
    "nice",
    "time",
    "timeout",
    "winpty",
];

/// What stands in a text by which a shell or a script runs one of them.
const TRACES: [&str; 3] = ["eks get-token", "aws-iam-authenticator", "heptio-authenticator-aws"];

/// Who makes the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The plugin itself.
    Command,
    /// A program that the plugin runs on this machine, as `aws-vault exec prod -- aws …`: the argument at this place.
    Argument(usize),
    /// A program that the plugin runs in a way of which only its traces are seen, as `sh -c "aws …"`, or perhaps where no
    /// other program is: `ssh host aws …`, `docker run image aws …`.
    Somewhere,
    /// A program or a script that is not known here, of whose words nothing says what it does.
    Unknown,
}

impl Maker {
    /// Of a command line; `None` if it is about other programs, or about this one already.
    pub(crate) fn of(command: &str, args: &[String]) -> Option<Self> {
        if file_name(command) == OURS || args.iter().any(|word| file_name(word) == OURS) {
            return None;
        }
        let is_known = |program: &str| PROGRAMS.contains(&file_name(program));
        if is_known(command) {
            return Some(Self::Command);
        }
        // `aws-vault exec aws -- aws …` has a profile of that name: the last one with words behind it that ask for a token counts.
        let asks = |at: &usize| {
            let words = &args[at + 1..];
            is_known(&args[*at]) && words.iter().any(|word| ["get-token", "token"].contains(&&**word))
        };
        if let Some(at) = (0..args.len()).rfind(asks) {
            let is_here = IN_FRONT.contains(&file_name(command));
            return Some(if is_here { Self::Argument(at) } else { Self::Somewhere });
        }
        let has_traces = |text: &str| TRACES.iter().any(|trace| text.contains(trace));
        match file_name(command) {
            _ if has_traces(command) || has_traces(&args.join(" ")) => Some(Self::Somewhere),
            "" => None,
            program => (!OTHERS.contains(&program)).then_some(Self::Unknown),
        }
    }
}

/// Whether a command is the AWS CLI.
pub(crate) fn is_aws_cli(command: &str) -> bool {
    matches!(file_name(command), "aws" | "aws2")
}

/// A program's name without its folder and without what Windows appends.
pub(crate) fn file_name(command: &str) -> &str {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    [".exe", ".cmd"].iter().find_map(|extension| file.strip_suffix(extension)).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::Maker;

    #[test]
    fn who_makes_the_tokens() {
        let rows: [(&str, Option<Maker>); 23] = [
            ("aws eks get-token --cluster-name demo", Some(Maker::Command)),
            ("/usr/bin/aws2 eks get-token", Some(Maker::Command)),
            ("aws-vault exec prod -- aws eks get-token --cluster-name demo", Some(Maker::Argument(3))),
            ("aws-vault exec aws -- aws eks get-token", Some(Maker::Argument(3))),
            ("env AWS_PROFILE=x /opt/aws-iam-authenticator token -i demo", Some(Maker::Argument(1))),
            ("saml2aws exec --exec-profile p -- aws-iam-authenticator token -i demo", Some(Maker::Argument(4))),
            ("granted assume prod --exec aws-iam-authenticator token", Some(Maker::Argument(3))),
            ("ssh bastion aws eks get-token --cluster-name demo", Some(Maker::Somewhere)),
            ("docker run --rm -i my/tools aws eks get-token", Some(Maker::Somewhere)),
            ("kubectl exec -i toolbox -- aws-iam-authenticator token -i demo", Some(Maker::Somewhere)),
            ("uvx --from awscli aws eks get-token", Some(Maker::Somewhere)),
            ("tsh aws eks get-token", Some(Maker::Somewhere)),
            ("wsl.exe aws eks get-token", Some(Maker::Somewhere)),
            ("/opt/bin/aws-iam-authenticator-wrapper token -i demo", Some(Maker::Somewhere)),
            ("/usr/local/bin/get-token-wrapper demo", Some(Maker::Unknown)),
            ("./eks-token.sh", Some(Maker::Unknown)),
            ("bash -c ./token", Some(Maker::Unknown)),
            ("kubectl oidc-login get-token", None),
            ("cluster-auth token -i demo", None),
            ("cluster-auth --region eu-west-1 eks get-token --cluster-name demo", None),
            ("aws-vault exec prod -- /usr/bin/cluster-auth eks get-token --cluster-name demo", None),
            ("gke-gcloud-auth-plugin", None),
            ("kubelogin get-token --environment aws", None),
        ];
        for (line, maker) in rows {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(Maker::of(&words[0], &words[1..]), maker, "{line}");
        }
        let shell = ["-c", "aws eks get-token --cluster-name demo"].map(str::to_owned);
        assert_eq!(Maker::of("sh", &shell), Some(Maker::Somewhere));
    }
}
