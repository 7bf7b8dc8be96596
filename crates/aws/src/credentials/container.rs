//! The endpoint of a container that gives credentials: whom the variables name, and what its answers mean. aws-config does the asking.

use ::http::Uri;

use super::{CredentialsError, Environment, small_file::small_file};

/// The variables that name it, of which the first goes first.
pub(super) const VARIABLES: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

/// The file with what it is asked with.
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Who is asked at ECS, where only a path is named.
const ECS: &str = "169.254.170.2";

/// Its name: the host, and the variable that says it. The path of ECS is known to the task alone.
pub(super) fn name(environment: &Environment) -> String {
    let set = |variable: &&&str| environment.get(variable).is_some();
    let variable = VARIABLES.iter().find(set).copied().unwrap_or(VARIABLES[1]);
    let url = environment.get(variable).filter(|_| variable == VARIABLES[1]);
    match url.map_or_else(|| Some(ECS.to_owned()), host) {
        Some(host) => format!("the container's credentials endpoint {host} ({variable})"),
        None => format!("the container's credentials endpoint ({variable})"),
    }
}

/// The host of a URL, and its port, without the password that may stand in front of it; `None` if it has none.
pub(super) fn host(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(url.authority()?.as_str().rsplit('@').next()?.to_owned())
}

/// What has to be there before it is asked.
///
/// # Errors
///
/// [`CredentialsError::Origin`]: the file is named with what it is to be asked with, and cannot be read.
pub(super) fn is_ready(environment: &Environment) -> Result<(), CredentialsError> {
    let Some(path) = environment.get(TOKEN_FILE) else { return Ok(()) };
    match small_file(path.as_ref()) {
        Some(_) => Ok(()),
        None => Err(CredentialsError::Origin {
            origin: name(environment),
            problem: format!("was not asked: {TOKEN_FILE} names {path}, which cannot be read"),
            advice: "check that variable; on EKS the pod's volume `eks-pod-identity-token` has that file".to_owned(),
        }),
    }
}

/// What to do about a container's endpoint that cannot be one.
pub(super) const NO_ENDPOINT: &str =
    "it must be https://, or http:// at this machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]";

/// What to do about an answer.
pub(super) fn advice(environment: &Environment, status: Option<u16>) -> &'static str {
    let has_token = environment.get(TOKEN_FILE).is_some();
    match status {
        Some(400 | 401 | 403) if has_token => {
            "it does not take the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: check that the file is this pod's and not over, and the service account's pod identity association"
        }
        Some(400 | 401 | 403) => {
            "it does not take who asks: check AWS_CONTAINER_AUTHORIZATION_TOKEN, and the task's role"
        }
        Some(404) => {
            "it has no role for who asks: check the service account's pod identity association, or the task's role"
        }
        Some(429) => "it asks for fewer requests: try again in a moment",
        Some(500..) => "try again in a moment; the log of the Pod Identity agent, or of the ECS agent, says more",
        _ => "check the task's role or the pod identity",
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, name};

    #[test]
    fn it_is_named_without_what_is_known_to_the_task_alone() {
        let rows = [
            (["/v2/credentials/secret", ""], "169.254.170.2 (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)"),
            (["", "http://169.254.170.23/v1/credentials"], "169.254.170.23 (AWS_CONTAINER_CREDENTIALS_FULL_URI)"),
            (["", "http://[fd00:ec2::23]/v1/credentials"], "[fd00:ec2::23] (AWS_CONTAINER_CREDENTIALS_FULL_URI)"),
            (["", "http://user:secret@localhost:80/secret"], "localhost:80 (AWS_CONTAINER_CREDENTIALS_FULL_URI)"),
            (["", "secret"], "secret (AWS_CONTAINER_CREDENTIALS_FULL_URI)"),
            (["", "/secret"], "(AWS_CONTAINER_CREDENTIALS_FULL_URI)"),
        ];
        for ([relative, full], expected) in rows {
            let vars = super::VARIABLES.into_iter().zip([relative, full]);
            let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let expected = format!("the container's credentials endpoint {expected}");
            assert_eq!(name(&Environment { vars, home: None }), expected, "{relative}{full}");
        }
    }
}
