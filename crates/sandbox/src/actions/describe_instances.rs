//! DescribeInstances, by ids or for all. Filters and pages are refused rather than ignored.
//!
//! Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>, errors by
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.

use std::collections::BTreeMap;

use quick_xml::escape::escape;

use crate::{answer::AwsError, directory::is_instance_id, parameters::Parameters};

/// What stands inside of `DescribeInstancesResponse`, after the request's id.
pub(super) fn describe_instances(
    instances: &BTreeMap<String, String>,
    parameters: &Parameters,
) -> Result<String, AwsError> {
    let mut ids = Vec::new();
    for (name, value) in parameters.iter() {
        match name {
            "Action" | "Version" => {}
            _ if name.starts_with("X-Amz-") => {}
            _ if name.starts_with("InstanceId.") => ids.push(value),
            _ => {
                let message = format!("The parameter {name} is not recognized");
                return Err(AwsError::new(400, "UnknownParameter", message));
            }
        }
    }
    if let Some(id) = ids.iter().find(|id| !is_instance_id(id)) {
        return Err(AwsError::new(400, "InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\"")));
    }
    let unknown: Vec<_> = ids.iter().copied().filter(|id| !instances.contains_key(*id)).collect();
    let message = match unknown[..] {
        [] => {
            let asked = instances.iter().filter(|(id, _)| ids.is_empty() || ids.contains(&id.as_str()));
            let reservations: String = asked.map(|(id, name)| reservation(id, name)).collect();
            return Ok(format!("<reservationSet>{reservations}</reservationSet>"));
        }
        [id] => format!("The instance ID '{id}' does not exist"),
        _ => format!("The instance IDs '{}' do not exist", unknown.join(", ")),
    };
    Err(AwsError::new(400, "InvalidInstanceID.NotFound", message))
}

/// An instance in a reservation of its own, with a network interface that has another name, as real ones have.
fn reservation(id: &str, private_dns_name: &str) -> String {
    let (id, name, number) = (escape(id), escape(private_dns_name), id.trim_start_matches("i-"));
    format!(
        "<item><reservationId>r-{number}</reservationId><instancesSet><item><instanceId>{id}</instanceId>\
         <instanceState><code>16</code><name>running</name></instanceState><privateDnsName>{name}</privateDnsName>\
         <networkInterfaceSet><item><networkInterfaceId>eni-{number}</networkInterfaceId>\
         <privateDnsName>eni.{name}</privateDnsName></item></networkInterfaceSet></item></instancesSet></item>"
    )
}
