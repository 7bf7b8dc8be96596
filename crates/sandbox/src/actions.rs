//! What can be asked: GetCallerIdentity, AssumeRole, DescribeInstances.

use std::collections::BTreeMap;

use http::Response;
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    answer::{AwsError, Format, Success, response},
    keys::{Key, Keys},
};

/// The parameters of a call, from the query or the form.
pub(crate) type Form = BTreeMap<String, String>;

/// Carries a call out for a verified caller.
pub(crate) fn perform(
    service: &str,
    form: &Form,
    caller: &Key,
    keys: &mut Keys,
    format: Format,
    now: Timestamp,
) -> Result<Response<Full<Bytes>>, AwsError> {
    let field = |name: &str| form.get(name).map(String::as_str);
    let invalid = |action: &str| AwsError::new(400, "InvalidAction", format!("Could not find operation {action}"));
    match (service, field("Action").unwrap_or_default(), field("Version")) {
        ("sts", "GetCallerIdentity", Some("2011-06-15")) => {
            let fields = json!({
                "Arn": caller.arn.to_string(), "UserId": caller.user_id, "Account": caller.arn.account.as_str(),
            });
            Ok(Success { action: "GetCallerIdentity", fields }.respond(format))
        }
        ("sts", "AssumeRole", Some("2011-06-15")) => Ok(assume_role(form, caller, keys, now)?.respond(format)),
        ("ec2", "DescribeInstances", Some(_)) => Ok(describe_instances(form, keys)),
        (_, action, _) => Err(invalid(action)),
    }
}

fn assume_role(form: &Form, caller: &Key, keys: &mut Keys, now: Timestamp) -> Result<Success, AwsError> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let invalid = |what: &str| AwsError::new(400, "ValidationError", format!("{what} failed to satisfy constraint"));
    let session = field("RoleSessionName");
    // STS: 2 to 64 of these (API reference, AssumeRole).
    let is_name = (2..=64).contains(&session.len())
        && session.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if !is_name {
        return Err(invalid("roleSessionName"));
    }
    let seconds = match field("DurationSeconds") {
        "" => 3_600,
        text => text.parse().ok().filter(|s| (900..=43_200).contains(s)).ok_or_else(|| invalid("durationSeconds"))?,
    };
    let role = keys.roles.iter().find(|role| role.arn.to_string() == field("RoleArn")).cloned();
    let allowed = role.filter(|role| {
        let external_id = role.external_id.as_deref().is_none_or(|id| id == field("ExternalId"));
        let by = |name: &String| *name == caller.holder || caller.holder.split('/').next() == Some(name);
        external_id && role.assumable_by.iter().any(by)
    });
    let message =
        format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", caller.arn, field("RoleArn"));
    let role = allowed.ok_or_else(|| AwsError::new(403, "AccessDenied", message))?;
    let expires = now + SignedDuration::from_secs(seconds);
    let key = keys.assume(&role, session, expires);
    let fields = json!({
        "Credentials": {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": key.session_token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": {"AssumedRoleId": key.user_id, "Arn": key.arn.to_string()},
    });
    Ok(Success { action: "AssumeRole", fields })
}

/// EC2's XML has a shape of its own, in answers and in errors.
fn describe_instances(form: &Form, keys: &Keys) -> Response<Full<Bytes>> {
    let ids: Vec<_> = form.iter().filter(|(name, _)| name.starts_with("InstanceId.")).map(|(_, id)| id).collect();
    let mut items = String::new();
    for id in ids {
        let Some(name) = keys.instances.get(id) else {
            let body = format!(
                "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>The instance ID '{}' does not exist</Message>\
                 </Error></Errors><RequestID>0</RequestID></Response>",
                quick_xml::escape::escape(id.as_str())
            );
            return response(400, "text/xml", body);
        };
        items.push_str(&format!("<item><instanceId>{id}</instanceId><privateDnsName>{name}</privateDnsName></item>"));
    }
    let body = format!(
        "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>0</requestId><reservationSet><item>\
         <reservationId>r-0</reservationId><instancesSet>{items}</instancesSet></item></reservationSet></DescribeInstancesResponse>"
    );
    response(200, "text/xml", body)
}
