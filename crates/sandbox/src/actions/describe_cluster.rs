//! DescribeCluster of EKS, as far as logging in needs it.
//!
//! Source: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    answer::{AwsError, Field, Success},
    directory::{Key, KubernetesCluster},
    endpoint::Endpoint,
};

/// The cluster of that name in the endpoint's Region and the caller's account.
pub(super) fn describe_cluster(
    clusters: &[KubernetesCluster],
    name: &str,
    endpoint: &Endpoint,
    caller: &Key,
) -> Result<Success, AwsError> {
    let is_it = |cluster: &&KubernetesCluster| {
        cluster.name == name
            && Some(&cluster.region) == endpoint.region.as_ref()
            && cluster.account == caller.arn.account
    };
    let cluster = clusters.iter().find(is_it);
    let cluster = cluster.ok_or_else(|| {
        AwsError::new(404, "ResourceNotFoundException", format!("No cluster found for name: {name}."))
    })?;
    let arn = format!("arn:{}:eks:{}:{}:cluster/{name}", caller.arn.partition, cluster.region, cluster.account);
    let text = |text: &str| Field::Text(text.to_owned());
    let mut described = vec![("name", text(name)), ("arn", Field::Text(arn)), ("version", text("1.37"))];
    // A cluster that is being made has neither yet.
    match &cluster.reach {
        None => described.push(("status", text("CREATING"))),
        Some((url, certificate_authority_pem)) => described.extend([
            ("status", text("ACTIVE")),
            ("endpoint", text(url)),
            (
                "certificateAuthority",
                Field::Group(vec![("data", Field::Text(STANDARD.encode(certificate_authority_pem)))]),
            ),
        ]),
    }
    Ok(Success { action: "DescribeCluster", result: vec![("cluster", Field::Group(described))] })
}
