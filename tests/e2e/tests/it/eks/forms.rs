//! How people call `aws eks get-token`.

pub(super) struct Form {
    /// Variables, and the words behind the program's name.
    pub(super) line: &'static str,
    pub(super) answers: Answers,
}

pub(super) enum Answers {
    /// Both print the same, byte for byte but for tokens and times.
    Same,
    /// Both print the whole credential as JSON, each in its layout.
    Credential,
    /// Both refuse it, and ours says this.
    Refused(&'static str),
    /// Ours refuses what the AWS CLI takes, and says why.
    OursRefused(&'static str),
    /// The AWS CLI's version 1 refuses it, version 2 does not, and ours prints what begins like this.
    OursAlone(&'static str),
    /// Both answer, and ours differs on purpose: what it prints begins like this.
    Otherwise(&'static str),
}
use Answers::{Credential, Otherwise, OursAlone, OursRefused, Refused, Same};

const fn form(line: &'static str, answers: Answers) -> Form {
    Form { line, answers }
}

pub(super) const FORMS: &[Form] = &[
    // As `aws eks update-kubeconfig` writes it, and as people type it.
    form("--region us-west-2 eks get-token --cluster-name c --output json", Credential),
    form("eks get-token --cluster-name c", Credential),
    form("eks get-token --cluster-name=c --region=us-west-2 --output=json", Credential),
    form("--output json --region eu-west-1 --profile europe eks get-token --cluster-name c", Credential),
    form("eks --region us-west-2 get-token --cluster-name c", Credential),
    form("eks get-token --cluster-id 8c1b0a3e-0000-4000-8000-000000000000", Credential),
    form("eks get-token --cluster-name a --cluster-name b", Credential),
    // What there is for scripts.
    form("eks get-token --cluster-name c --query status.token --output text", Same),
    form("--query status.token --output text eks get-token --cluster-name c", Same),
    form("eks get-token --cluster-name c --query status.token", Same),
    form("eks get-token --cluster-name c --query 'status.expirationTimestamp' --output text", Same),
    form("eks get-token --cluster-name c --query status", Same),
    form("eks get-token --cluster-name c --query status --output text", Same),
    form("eks get-token --cluster-name c --query status --output table", Same),
    form("eks get-token --cluster-name c --query '[kind,apiVersion]'", Same),
    form("eks get-token --cluster-name c --query '[kind,apiVersion]' --output text", Same),
    form("eks get-token --cluster-name c --query '[kind,apiVersion]' --output table", Same),
    form("eks get-token --cluster-name c --query '{T:status.token,E:status.expirationTimestamp}' --output text", Same),
    form("eks get-token --cluster-name c --query '{K:kind,V:apiVersion}' --output table", Same),
    form("eks get-token --cluster-name c --query '[status,{token:kind}]' --output text", Same),
    form("eks get-token --cluster-name c --query '[{a:kind},{a:kind,b:apiVersion,c:spec}]' --output table", Same),
    form(
        "eks get-token --cluster-name c --query '[{a:kind,s:{x:kind,y:kind}},{a:kind,s:{x:kind,y:kind}}]' --output table",
        Same,
    ),
    form("eks get-token --cluster-name c --query '[[kind,apiVersion],[kind,apiVersion]]' --output text", Same),
    form("eks get-token --cluster-name c --query '[[kind,apiVersion],[kind,apiVersion]]' --output table", Same),
    form("eks get-token --cluster-name c --query '{a:[kind,apiVersion],b:kind}' --output text", Same),
    form("eks get-token --cluster-name c --query '{a:[kind,apiVersion],b:kind}' --output table", Same),
    form("eks get-token --cluster-name c --query 'sort(keys(@))'", Same),
    form("eks get-token --cluster-name c --query 'length(kind)' --output text", Same),
    form("eks get-token --cluster-name c --query 'starts_with(kind, `Exec`)' --output text", Same),
    form("eks get-token --cluster-name c --query 'starts_with(kind, `Exec`)'", Same),
    form("eks get-token --cluster-name c --query kind --output table", Same),
    form("eks get-token --cluster-name c --query nosuch", Same),
    form("eks get-token --cluster-name c --query nosuch --output text", Same),
    form("eks get-token --cluster-name c --query nosuch --output table", Same),
    form("eks get-token --cluster-name c --query spec", Same),
    form("eks get-token --cluster-name c --query spec --output text", Same),
    form("eks get-token --cluster-name c --output text", Same),
    form("eks get-token --cluster-name c --output table", Same),
    form("eks get-token --cluster-name c --output table --color off", Same),
    form("eks get-token --cluster-name c --output table --color on", Otherwise("----")),
    form("eks get-token --cluster-name c --query 'status.'", Refused("it is not JMESPath")),
    form("eks get-token --cluster-name c --query 'nosuch(@)'", Refused("nosuch")),
    form("eks get-token --cluster-name c --query ''", Refused("--query")),
    // Formats of variables and of profiles.
    form("AWS_DEFAULT_OUTPUT=text eks get-token --cluster-name c", Same),
    form("AWS_DEFAULT_OUTPUT=table eks get-token --cluster-name c --query status.token --output text", Same),
    form("AWS_PROFILE=europe eks get-token --cluster-name c", Same),
    form("eks get-token --cluster-name c --profile europe", Same),
    form("AWS_DEFAULT_OUTPUT=xml eks get-token --cluster-name c", Refused("AWS_DEFAULT_OUTPUT is \"xml\"")),
    form("eks get-token --cluster-name c --profile broken", Refused("output is \"xml\"")),
    form("eks get-token --cluster-name c --profile nosuch", Refused("nosuch")),
    // For kubectl it is JSON, whatever somebody likes best at a terminal.
    form(
        "AWS_DEFAULT_OUTPUT=text KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1\"} eks get-token --cluster-name c",
        Otherwise("{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\""),
    ),
    form(
        "KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1\"} eks get-token --cluster-name c --query apiVersion",
        Same,
    ),
    form("KUBERNETES_EXEC_INFO=x eks get-token --cluster-name c --query apiVersion", Same),
    // Options of every command.
    form("eks get-token --cluster-name c --endpoint-url https://eks.example.com --output json", Credential),
    form("eks get-token --cluster-name c --endpoint-url eks.example.com", Refused("write it with its scheme")),
    form("--no-verify-ssl eks get-token --cluster-name c --output json", Credential),
    form("--ca-bundle nosuch.pem eks get-token --cluster-name c --output json", Credential),
    form("--no-paginate --color auto eks get-token --cluster-name c --output json", Credential),
    form("--cli-read-timeout 5 --cli-connect-timeout 0 eks get-token --cluster-name c --output json", Credential),
    form("--cli-read-timeout x eks get-token --cluster-name c", Refused("--cli-read-timeout")),
    form("--debug eks get-token --cluster-name c --output json", Credential),
    form("--v2-debug eks get-token --cluster-name c --output json", Credential),
    form("--color sometimes eks get-token --cluster-name c", Refused("--color")),
    form("eks get-token --cluster-name c --output xml", Refused("possible values: json, yaml, text, table")),
    form(
        "--no-sign-request eks get-token --cluster-name c",
        OursRefused("--no-sign-request: a token is a signed request"),
    ),
    // What version 2 has besides.
    form(
        "eks get-token --cluster-name c --output yaml",
        OursAlone("apiVersion: client.authentication.k8s.io/v1beta1\n"),
    ),
    form("eks get-token --cluster-name c --query status.token --output yaml", OursAlone("TOKEN\n")),
    form(
        "--no-cli-pager --no-cli-auto-prompt eks get-token --cluster-name c --query status.token --output text",
        OursAlone("TOKEN\n"),
    ),
    form("--cli-binary-format base64 eks get-token --cluster-name c --query kind", OursAlone("\"ExecCredential\"\n")),
    form("--cli-auto-prompt eks get-token --cluster-name c", Refused("--cli-auto-prompt: nothing is asked here")),
    form("eks get-token --cluster-name c --output yaml-stream", Refused("possible values: json, yaml, text, table")),
    // A role.
    form("eks get-token --cluster-name c --role arn:aws:iam::111122223333:role/Nobody", Refused("sts:AssumeRole")),
    // Words that are cut short, and wrong ones.
    form("--reg us-west-2 eks get-token --cluster-n c --out json", Credential),
    form("eks get-token", Refused("Either parameter --cluster-name or --cluster-id must be specified")),
    form("eks get-token --cluster-name=", Refused("Either parameter --cluster-name or --cluster-id must be specified")),
    form("eks get-token --cluster-name", Refused("--cluster-name")),
    form("eks get-token --cluster c", Refused("--cluster")),
    form("eks get-token --cluster-name a --cluster-id b", Refused("cannot be used with")),
    form("eks get-token --cluster-name c --nosuch", Refused("unexpected argument '--nosuch'")),
    form("eks get-token --cluster-name c word", Refused("unexpected argument 'word'")),
    form("eks get-token --cluster-name c --region 'us west 2'", Refused("is not an AWS Region")),
];
