//! A `Cluster` of kops: `spec.authentication.aws`, the same in v1alpha2 and v1alpha3.
//!
//! Sources: kops, `pkg/apis/kops/v1alpha2/cluster.go`, `pkg/apis/kops/v1alpha3/cluster.go` (`AWSAuthenticationSpec`),
//! `pkg/apis/kops/validation/aws.go`.

use document::{Node, Problems, Source, Span};

use crate::{ClaimedBy, ClusterClaim};

use super::{
    FileFormat, Foreign, Login,
    fields::{self, is_mapping, is_user_or_role, key_span, list, no_login, text, texts, value},
};

const LIST: &str = "identityMappings";
/// The fields of `spec.authentication`, of its `aws`, and of a mapping, in both versions.
const AUTHENTICATION: [&str; 3] = ["aws", "kopeio", "oidc"];
const AWS: [&str; 8] =
    ["image", "backendMode", "clusterID", "memoryRequest", "cpuRequest", "memoryLimit", "cpuLimit", LIST];
const MAPPING: [&str; 3] = ["arn", "username", "groups"];
/// Where the field stands that says who logs in.
const PLACES: [(&str, &str); 1] = [(LIST, "below `spec.authentication.aws`")];

pub(super) fn read(source: &Source, root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::Kops, ..Foreign::default() };
    let authentication = value(root, "spec").and_then(|spec| value(spec, "authentication"));
    others(root, authentication, &mut problems);
    let aws = authentication.and_then(|authentication| value(authentication, "aws"));
    if let Some(authentication) = authentication {
        known(authentication, "spec.authentication: ", &AUTHENTICATION, &mut problems);
    }
    if let Some(aws) = aws {
        known(aws, "spec.authentication.aws: ", &AWS, &mut problems);
    }
    let modes = aws.map_or("", |aws| text(aws, "backendMode", &mut problems));
    if let Some(aws) = aws {
        let mappings = list(aws, LIST, &mut problems);
        if !mappings.is_empty() && !modes.contains("CRD") {
            let span = key_span(aws, LIST).unwrap_or(aws.span);
            let message = "kops refuses identityMappings unless backendMode has CRD, so it ignores these";
            problems.push(no_login(span, message).hint("set `backendMode: CRD`, or give what the cluster has"));
        } else {
            foreign.logins = logins(mappings, &mut problems);
        }
    }
    // Where the authenticator's own file is read, the id is in it. Elsewhere it is given by flag, and is the cluster's name
    // unless one is written.
    let has_file = modes.is_empty() || modes.contains("MountedFile");
    let id = aws.map_or("", |aws| text(aws, "clusterID", &mut problems));
    let metadata = value(root, "metadata");
    let name = metadata.map_or("", |metadata| text(metadata, "name", &mut problems));
    let id = if id.is_empty() && !has_file { name } else { id };
    let node = metadata.and_then(|metadata| value(metadata, "name"));
    let node = node.or_else(|| aws.and_then(|aws| value(aws, "clusterID")));
    let by = ClaimedBy::Foreign(FileFormat::Kops);
    foreign.is_about(source, node, ClusterClaim { name: Some(name.into()), ..ClusterClaim::of_id(by, id) });
    foreign.problems = problems.into_sorted();
    foreign
}

/// Names whoever logs in by something else than AWS. OpenID Connect is one, in whichever of its two places it stands.
fn others(root: &Node, authentication: Option<&Node>, problems: &mut Problems) {
    let mut say = |span: Span, place: &str, by: &str| problems.push(fields::not_of_aws(span, place, by));
    let of = |key: &str| Some((authentication?, value(authentication?, key)?));
    let key_of = |node: &Node, key: &str| key_span(node, key).unwrap_or(node.span);
    if let Some((authentication, _)) = of("kopeio") {
        say(key_of(authentication, "kopeio"), "spec.authentication.kopeio", "kopeio");
    }
    let server = value(root, "spec").and_then(|spec| value(spec, "kubeAPIServer"));
    let of_server = server.and_then(|server| value(server, "oidcIssuerURL"));
    let issuer = of("oidc").and_then(|(_, oidc)| value(oidc, "issuerURL")).or(of_server).and_then(fields::plain);
    let by = issuer.map_or_else(|| "OpenID Connect".to_owned(), |issuer| format!("OpenID Connect of {issuer}"));
    match (of("oidc"), of_server) {
        (Some((authentication, _)), _) => say(key_of(authentication, "oidc"), "spec.authentication.oidc", &by),
        (None, Some(server)) => say(server.span, "spec.kubeAPIServer.oidcIssuerURL", &by),
        (None, None) => {}
    }
}

const NO_FIELD: &str = "kops has no such field, and refuses the file";

fn known(node: &Node, of: &str, keys: &[&str], problems: &mut Problems) {
    fields::known(node, (of, NO_FIELD), keys, &PLACES, problems);
}

fn logins(mappings: &[Node], problems: &mut Problems) -> Vec<Login> {
    let login = |(index, node): (usize, &Node)| {
        let name = format!("{LIST}[{index}]");
        known(node, &format!("{name}: "), &MAPPING, problems);
        let arn = is_mapping(node, &name, problems).then(|| text(node, "arn", problems))?;
        let is_one = is_user_or_role(arn, &name, node, problems);
        let [arn, username] = [arn, text(node, "username", problems)].map(Into::into);
        let groups = texts(node, "groups", problems);
        is_one.then_some(Login { arn, username, groups, at: (LIST, index), span: node.span, line: 0 })
    };
    mappings.iter().enumerate().filter_map(login).collect()
}
