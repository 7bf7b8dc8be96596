//! What a cluster specification of kops says about logins: `spec.authentication.aws`.

use document::{Limits, Node, Problem, Source, Span};

use crate::cluster::{LiveMapping, MappingObject, Seen};

/// Of a kops cluster.
#[derive(Clone, Debug)]
pub struct Kops {
    /// The id that its authenticator is started with, where that is not in the authenticator's own configuration.
    pub cluster_id: Option<String>,
    /// `identityMappings`, which kops makes `IAMIdentityMapping` objects of.
    pub mapping: LiveMapping,
}

/// Reads what `kops get cluster -o yaml` prints. Only what is about logins is looked at (kops, `pkg/apis/kops/cluster.go`).
pub fn read_kops(source: &Source) -> Result<Kops, Vec<Problem>> {
    let problem = |span, message: &str| vec![Problem::error("import.kops", span, message)];
    let root = document::parse(source, &Limits::default())?;
    let no_cluster = "it is neither JSON of a cluster or of IAM nor a Cluster of kops (`kops get cluster -o yaml`)";
    let root = root.ok_or_else(|| problem(Span::at(source.base()), no_cluster))?;
    let is_kops = text(root.get("apiVersion")).is_some_and(|version| version.starts_with("kops.k8s.io/"));
    if !is_kops || text(root.get("kind")) != Some("Cluster") {
        return Err(problem(root.span, no_cluster));
    }
    let aws = root.get("spec").and_then(|spec| spec.get("authentication")?.get("aws"));
    let of_aws = |key: &str| aws.and_then(|aws| aws.get(key)).filter(|node| !node.is_null());
    let mut objects = Vec::new();
    if let Some(list) = of_aws("identityMappings") {
        let items = list.as_sequence().ok_or_else(|| problem(list.span, "identityMappings must be a list"))?;
        for (index, item) in items.iter().enumerate() {
            let said = |key: &str| {
                let no_text = || problem(item.span, &format!("an identity mapping needs `{key}`, a text"));
                text(item.get(key)).map(Box::from).ok_or_else(no_text)
            };
            let groups = match item.get("groups").filter(|groups| !groups.is_null()) {
                None => Vec::new(),
                Some(groups) => {
                    let all = groups.as_sequence().and_then(|all| all.iter().map(|one| text(Some(one))).collect());
                    let all: Vec<&str> = all.ok_or_else(|| problem(groups.span, "`groups` must be a list of texts"))?;
                    all.into_iter().map(Box::from).collect()
                }
            };
            let name = format!("identityMappings[{index}]").into();
            let object = MappingObject { name, arn: said("arn")?, username: said("username")?, groups };
            objects.push(Seen { object, ..Seen::default() });
        }
    }
    // Without the configuration's file it is given by flag, and is the cluster's name where none is written.
    let has_file = text(of_aws("backendMode")).is_none_or(|modes| modes.contains("MountedFile"));
    let name = || text(root.get("metadata").and_then(|metadata| metadata.get("name"))).filter(|_| !has_file);
    let cluster_id = text(of_aws("clusterID")).or_else(name).map(str::to_owned);
    Ok(Kops { cluster_id, mapping: LiveMapping::of_objects(objects) })
}

fn text(node: Option<&Node>) -> Option<&str> {
    node.and_then(Node::as_scalar).filter(|scalar| !scalar.is_null()).map(|scalar| &*scalar.text)
}
