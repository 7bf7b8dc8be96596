//! Why a token is refused.
//!
//! The caller sees only that authentication failed; the code and its sentence are for the log, the metric, `verify` and
//! `explain`. None repeats text of the token or of STS's answer, so all of them may be logged.

use std::fmt;

use codes::{Code, codes};

codes! {
    status: Some(403);
    /// A definite denial, in the order of the checks. `token.…` was found here, `sts.…` was said by AWS.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Refusal {
        NotAws {
            code: "token.not-aws",
            summary: "the token is not one of this authenticator's",
            meaning: "The token does not start with `k8s-aws-v1.`. An API server asks about every token it does not know itself, so these are most often expired service account tokens or tokens of another authenticator.",
            fix: "Nothing, unless a person cannot log in: in that case the kubeconfig's exec command is not `cluster-auth token`, `aws eks get-token` or `aws-iam-authenticator token`.",
        }
        TooLong {
            code: "token.too-long",
            summary: "the token is longer than the configured limit",
            meaning: "Sessions with many tags, or with trusted identity propagation, have session tokens that do not fit into the default of 4,096 bytes.",
            fix: "Raise the server's limit on the length of tokens, or log in with a role whose sessions carry less.",
        }
        Encoding {
            code: "token.encoding",
            summary: "the token is not base64url text",
            meaning: "What follows the prefix is not the unpadded base64url form of a text. Often the token was cut or wrapped when it was copied.",
            fix: "Copy the whole token, without line breaks, or make a new one.",
        }
        Url {
            code: "token.url",
            summary: "the token holds no plain URL",
            meaning: "The decoded text is not an absolute URL of visible ASCII characters, or it has a fragment or a backslash.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`.",
        }
        Scheme {
            code: "token.scheme",
            summary: "the presigned URL is not https",
            meaning: "The client signed for a plain HTTP endpoint, as local stand-ins for AWS use.",
            fix: "Unset AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL and `endpoint_url` in the profile on the client.",
        }
        Host {
            code: "token.host",
            summary: "the presigned URL's host is not an AWS STS endpoint",
            meaning: "A token may name only AWS's own STS hosts, exactly, in lower case, without user info or port. Any other host could answer what it likes.",
            fix: "Unset AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL and `endpoint_url` in the profile on the client. An interface endpoint's own name cannot be used: turn on its private DNS.",
        }
        Path {
            code: "token.path",
            summary: "the presigned URL's path is not /",
            meaning: "Presigned requests to STS have the path `/`, and nothing else.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`.",
        }
        Query {
            code: "token.query",
            summary: "the presigned URL's query is not in canonical encoding",
            meaning: "Every parameter must be `name=value`, percent-encoded as AWS signs it: no `+`, upper-case digits, nothing encoded that need not be, no control characters. Signers write nothing else.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`; if your own program made it, take the URL as the AWS SDK gives it.",
        }
        ParameterUnknown {
            code: "token.parameter-unknown",
            summary: "the presigned URL has a parameter that does not belong there",
            meaning: "Only the parameters of a presigned GetCallerIdentity may be there, spelled as AWS spells them.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`; if your own program made it, pass no parameters to the call.",
        }
        ParameterRepeated {
            code: "token.parameter-repeated",
            summary: "the presigned URL has a parameter twice",
            meaning: "The same name, in whatever case, comes more than once. No AWS client does this; it is how CVE-2022-2385 was exploited.",
            fix: "Find out who sent it. An honest client makes no such token.",
        }
        ParameterMissing {
            code: "token.parameter-missing",
            summary: "the presigned URL lacks a parameter",
            meaning: "All of Action, Version, X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders and X-Amz-Signature must be there. Often the token was cut when it was copied, or the request was signed in its headers instead of presigned.",
            fix: "Copy the whole token, or make a new one with `cluster-auth token` or `aws eks get-token`.",
        }
        Action {
            code: "token.action",
            summary: "the presigned request is not GetCallerIdentity",
            meaning: "The URL is signed for another call. Only GetCallerIdentity tells who the caller is and does nothing else.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`.",
        }
        Version {
            code: "token.version",
            summary: "the presigned request is not for the STS API of 2011-06-15",
            meaning: "STS has one API version, and its answers are only known for that one.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`.",
        }
        Algorithm {
            code: "token.algorithm",
            summary: "the presigned URL is not signed with AWS4-HMAC-SHA256",
            meaning: "Another algorithm is named; the asymmetric AWS4-ECDSA-P256-SHA256 is not supported for tokens.",
            fix: "Turn off multi-Region signing (`sigv4a`) on the client.",
        }
        SignedHeaders {
            code: "token.signed-headers",
            summary: "the signed headers are not exactly host and x-k8s-aws-id",
            meaning: "The signature must cover the host and the cluster's id. Without the latter the token would be good for every cluster; with further headers we could not repeat the request.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`; if your own program made it, sign the header x-k8s-aws-id and no other.",
        }
        Expires {
            code: "token.expires",
            summary: "X-Amz-Expires is not a number of seconds from 0 to 900",
            meaning: "Tokens live 15 minutes at most, so a longer time is refused, even though STS itself ignores it.",
            fix: "Presign with 60 seconds, as the usual clients do.",
        }
        Date {
            code: "token.date",
            summary: "X-Amz-Date is not a time written as 20260102T030405Z",
            meaning: "The date has another format, or does not exist in the calendar.",
            fix: "Make the token with `cluster-auth token` or `aws eks get-token`.",
        }
        Credential {
            code: "token.credential",
            summary: "X-Amz-Credential does not start with an access key id",
            meaning: "The credential is `<access key id>/<date>/<region>/sts/aws4_request`, and an access key id has 16 to 128 letters, digits and underscores.",
            fix: "Check the access key id in the client's credentials; it may have been pasted with other text.",
        }
        Scope {
            code: "token.scope",
            summary: "the credential's scope does not fit the date, the host and STS",
            meaning: "The scope must name the day of X-Amz-Date, the Region of the host (us-east-1 for sts.amazonaws.com), `sts` and `aws4_request`. STS would refuse anything else.",
            fix: "If the client sets an endpoint by hand, set the matching Region too.",
        }
        SecurityToken {
            code: "token.security-token",
            summary: "X-Amz-Security-Token is empty",
            meaning: "The parameter is there for temporary credentials only, and then it has a value.",
            fix: "Unset AWS_SESSION_TOKEN on the client, or set it to the session's token.",
        }
        Signature {
            code: "token.signature",
            summary: "X-Amz-Signature is not 64 lower-case hexadecimal digits",
            meaning: "The signature is cut off or malformed. Only AWS can tell whether a complete one is right.",
            fix: "Copy the whole token, or make a new one.",
        }
        Partition {
            code: "token.partition",
            summary: "the presigned URL's host belongs to another AWS partition",
            meaning: "The server is set up for one partition (commercial, China, GovCloud …), and the token is signed for STS in another, where other people own the same account ids.",
            fix: "Use credentials and a Region of the cluster's partition, or correct the server's `partition`.",
        }
        Expired {
            code: "token.expired",
            summary: "the token has expired",
            meaning: "It was signed more than 15 minutes ago, by this server's clock.",
            fix: "Make a new token. If it is new, one of the two clocks is wrong: check NTP on the client and here.",
        }
        Future {
            code: "token.future",
            summary: "the token is dated in the future",
            meaning: "It was signed later than now, by this server's clock, and by more than the allowed skew. A token dated ahead would outlive its 15 minutes.",
            fix: "One of the two clocks is wrong: check NTP on the client and here.",
        }
        StsSignatureMismatch {
            code: "sts.signature-mismatch",
            summary: "AWS says the signature is wrong",
            meaning: "The token was signed for another cluster id, or with a secret key that does not belong to the access key id. AWS does not tell which.",
            fix: "Compare the cluster id in the kubeconfig's exec arguments with the server's, letter by letter. If they are the same, check the secret access key.",
        }
        StsSignatureExpired {
            code: "sts.signature-expired",
            summary: "AWS says the signature has expired",
            meaning: "By AWS's clock the token is older than 15 minutes, by this server's it is not.",
            fix: "Make a new token, and check NTP on this host: its clock is behind.",
        }
        StsSignatureNotYetCurrent {
            code: "sts.signature-not-yet-current",
            summary: "AWS says the signature is dated in the future",
            meaning: "By AWS's clock the token is dated more than 15 minutes ahead, by this server's it is not.",
            fix: "Check NTP on the client and on this host: both clocks are ahead.",
        }
        StsIncompleteSignature {
            code: "sts.incomplete-signature",
            summary: "AWS says the signature does not conform to its standards",
            meaning: "AWS cannot read the credential or the signature, though their form is right.",
            fix: "Make a new token with `cluster-auth token` or `aws eks get-token`.",
        }
        StsUnknownAccessKey {
            code: "sts.unknown-access-key",
            summary: "AWS does not know the access key, or not in this partition or Region",
            meaning: "The access key was deleted or deactivated, the session token does not belong to it, the account is in another partition, or it has not enabled the Region. Session tokens of the global endpoint are not good in opt-in Regions.",
            fix: "Renew the credentials. If `aws sts get-caller-identity` works with them, use a Region that the account has enabled.",
        }
        StsExpiredCredentials {
            code: "sts.expired-credentials",
            summary: "AWS says the temporary credentials have expired",
            meaning: "The token is young enough, but the session that signed it is over.",
            fix: "Log in to AWS again, for example with `aws sso login`, and retry.",
        }
        StsAccessDenied {
            code: "sts.access-denied",
            summary: "AWS denies the call",
            meaning: "GetCallerIdentity needs no permission and no identity policy can deny it, so most likely the policy of the VPC endpoint through which the server asks does.",
            fix: "Allow sts:GetCallerIdentity to everybody in the policy of the VPC endpoint for STS.",
        }
        StsUnsupportedPrincipal {
            code: "sts.unsupported-principal",
            summary: "the caller is neither a user, a role session, a federated user nor root",
            meaning: "AWS confirmed the token and named a kind of principal that this server does not know.",
            fix: "Log in as an IAM user or with an IAM role.",
        }
    }
}

impl Refusal {
    /// Returns what it means to whoever has just signed the token here, for the very cluster id that AWS was asked with: of what
    /// [`Self::explain`] names, only their own credentials and their own clock can be the reason.
    pub fn explain_own(self) -> Code {
        let (meaning, fix) = match self {
            Self::StsSignatureMismatch => (
                "AWS was asked with the very cluster id that the token was signed for, so the secret is the wrong one.",
                "The secret access key does not belong to the access key id (SignatureDoesNotMatch): give both anew. Of two keys the \
                 id of one may stand beside the secret of the other, or the secret may be cut.",
            ),
            Self::StsSignatureExpired | Self::StsSignatureNotYetCurrent | Self::Expired | Self::Future => (
                "The token was made a moment ago, so this machine's clock is more than 15 minutes away from AWS's.",
                "Set the clock of this machine: check NTP.",
            ),
            Self::StsUnknownAccessKey => (
                "AWS says InvalidClientTokenId: the access key was deleted or deactivated, the session token does not belong to \
                 it, or it is of another partition (China, GovCloud) or of a Region that the account has not enabled.",
                "Renew the credentials. If `aws sts get-caller-identity` works with them, name that Region, by `--region` or AWS_REGION.",
            ),
            Self::StsExpiredCredentials => (
                "AWS says ExpiredToken: the session is over.",
                "Log in to AWS again, for example with `aws sso login`, or get new temporary credentials.",
            ),
            Self::StsAccessDenied => (
                "AWS says AccessDenied, although no identity policy can deny this call: most likely the policy of the VPC endpoint \
                 for STS does.",
                "Ask whoever keeps that policy to allow sts:GetCallerIdentity, or go to STS by another way.",
            ),
            Self::StsIncompleteSignature => (
                "AWS cannot read the access key id or the session token, though their form is right.",
                "Give the credentials anew: one of them may be cut, or hold what does not belong to it.",
            ),
            _ => return *self.explain(),
        };
        Code { meaning, fix, ..*self.explain() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain().summary)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn whoever_signed_it_is_told_of_their_own_credentials() {
        let rows = [
            (Refusal::StsSignatureMismatch, "SignatureDoesNotMatch"),
            (Refusal::StsUnknownAccessKey, "InvalidClientTokenId"),
            (Refusal::StsExpiredCredentials, "ExpiredToken"),
            (Refusal::StsAccessDenied, "AccessDenied"),
            (Refusal::StsSignatureExpired, "clock"),
            (Refusal::StsSignatureNotYetCurrent, "clock"),
        ];
        for (refusal, word) in rows {
            let own = refusal.explain_own();
            assert_eq!((own.code, own.summary), (refusal.code(), refusal.explain().summary));
            assert!(own.to_string().contains(word), "{own}");
            // AWS was asked with the id that the token was signed for.
            assert!(!own.fix.contains("luster id"), "{own}");
        }
        assert_eq!(Refusal::NotAws.explain_own(), *Refusal::NotAws.explain());
    }
}
