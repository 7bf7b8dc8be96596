//! What can be asked: GetCallerIdentity, AssumeRole, DescribeInstances, DescribeCluster, and what IAM says about groups, roles and users.

mod assume_role;
mod describe_cluster;
mod describe_instances;
mod iam;

use http::{Method, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;

use crate::{
    answer::{AwsError, Field, Success, Writer},
    directory::{Directory, Key},
    endpoint::Endpoint,
    parameters::Parameters,
    sessions::Sessions,
};

pub(crate) use self::iam::ACTIONS as IAM_ACTIONS;

/// Carries out a call of STS for a verified caller.
pub(crate) fn sts(
    directory: &Directory,
    sessions: &Sessions,
    parameters: &Parameters,
    caller: &Key,
    now: Timestamp,
) -> Result<Success, AwsError> {
    let action = action(parameters)?;
    let version = parameters.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    match (action, version) {
        ("GetCallerIdentity", "2011-06-15") => Ok(caller_identity(caller)),
        ("AssumeRole", "2011-06-15") => assume_role::assume_role(directory, sessions, parameters, caller, now),
        _ => {
            let message = format!("Could not find operation {action} for version {version}");
            Err(AwsError::new(400, "InvalidAction", message))
        }
    }
}

/// Carries out a call of EC2; whoever is verified may.
pub(crate) fn ec2(
    directory: &Directory,
    parameters: &Parameters,
    writer: &Writer,
) -> Result<Response<Full<Bytes>>, AwsError> {
    match (action(parameters)?, parameters.get("Version")) {
        ("DescribeInstances", Some("2016-11-15")) => {
            let result = describe_instances::describe_instances(&directory.instances, parameters)?;
            Ok(writer.ec2_success("DescribeInstances", &result))
        }
        (action, _) => {
            let message = format!("The action {action} is not valid for this web service.");
            Err(AwsError::new(400, "InvalidAction", message))
        }
    }
}

/// Carries out a call of EKS, which the path names; whoever is of the cluster's account may.
pub(crate) fn eks(
    directory: &Directory,
    (method, path): (&Method, &str),
    endpoint: &Endpoint,
    caller: &Key,
) -> Result<Success, AwsError> {
    match (method, path.strip_prefix("/clusters/")) {
        (&Method::GET, Some(name)) if !name.is_empty() && !name.contains('/') => {
            describe_cluster::describe_cluster(&directory.clusters, name, endpoint, caller)
        }
        _ => Err(AwsError::new(404, "UnknownOperationException", "Only a cluster can be described here.")),
    }
}

/// Carries out a call of IAM, unless it is denied to the caller.
pub(crate) fn iam(directory: &Directory, parameters: &Parameters, caller: &Key) -> Result<Success, AwsError> {
    let action = action(parameters)?;
    let version = parameters.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let known = IAM_ACTIONS.into_iter().find(|known| *known == action && version == "2010-05-08");
    let known = known.ok_or_else(|| {
        AwsError::new(400, "InvalidAction", format!("Could not find operation {action} for version {version}"))
    })?;
    iam::perform(known, directory, parameters, caller)
}

fn action(parameters: &Parameters) -> Result<&str, AwsError> {
    let missing = || AwsError::new(400, "MissingAction", "The request is missing an action or a required parameter.");
    parameters.get("Action").ok_or_else(missing)
}

fn caller_identity(caller: &Key) -> Success {
    let fields = [
        ("Arn", caller.arn.to_string()),
        ("UserId", caller.user_id.clone()),
        ("Account", caller.arn.account.to_string()),
    ];
    Success { action: "GetCallerIdentity", result: fields.map(|(name, value)| (name, Field::Text(value))).into() }
}
