//! Steps of a plan as requests.

use access::{
    OWNED,
    plan::{Action, ConfigMapWrite, Mark, ObjectId, ObjectKind, RECORD_NAMESPACE},
};
use kubernetes::{Resource, Write};
use serde_json::{Value, json};

/// The request of an action; waiting is none.
pub(super) fn request(action: &Action) -> Option<Write> {
    Some(match action {
        Action::Apply { object, mark, version } => {
            let mut manifest = object.manifest(mark);
            if let Some(version) = version {
                manifest["metadata"]["resourceVersion"] = json!(version);
            }
            Write::Apply { path: path(&object.id()), object: manifest }
        }
        Action::Delete { id, version } => {
            Write::Delete { path: path(id), version: version.as_ref().map(ToString::to_string) }
        }
        Action::ApplyMapping { object, mark } => Write::Apply {
            path: Resource::IAM_IDENTITY_MAPPINGS.object(None, &object.name),
            object: object.manifest(mark),
        },
        Action::DeleteMapping { name, version } => Write::Delete {
            path: Resource::IAM_IDENTITY_MAPPINGS.object(None, name),
            version: Some(version.to_string()),
        },
        Action::WriteMap(write) => config_map(write),
        Action::Settle => return None,
    })
}

fn path(id: &ObjectId) -> String {
    let resource = match id.kind {
        ObjectKind::ClusterRoleBinding => Resource::CLUSTER_ROLE_BINDINGS,
        ObjectKind::ClusterRole => Resource::CLUSTER_ROLES,
        ObjectKind::RoleBinding => Resource::ROLE_BINDINGS,
        ObjectKind::Role => Resource::ROLES,
    };
    resource.object(id.namespace.as_deref(), &id.name)
}

/// What is ours as a whole is applied, so that keys go that are not written any more. Into what is not, keys are merged:
/// applying would take away a key that was written once and is not now.
fn config_map(write: &ConfigMapWrite) -> Write {
    let ConfigMapWrite { name, data, mark, owned, version } = write;
    let mut metadata = json!({"name": name, "namespace": RECORD_NAMESPACE});
    if let Some(version) = version {
        metadata["resourceVersion"] = json!(version);
    }
    if let Some(owned) = owned {
        let principals: Vec<&str> = owned.iter().map(|principal| &**principal).collect();
        // Without entries of ours there is nothing to say: `null` takes the annotation away.
        let principals = if principals.is_empty() { Value::Null } else { json!(principals.join(",")) };
        metadata["annotations"] = json!({OWNED: principals});
    }
    if let Some(mark) = mark {
        metadata["labels"] = json!(Mark::labels());
        metadata["annotations"] = json!(mark.annotations());
    }
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
    let path = Resource::CONFIG_MAPS.object(Some(RECORD_NAMESPACE), name);
    match (mark, version) {
        (Some(_), _) => Write::Apply { path, object },
        (None, Some(_)) => Write::Merge { path, patch: object },
        (None, None) => Write::Create { path: Resource::CONFIG_MAPS.list(Some(RECORD_NAMESPACE)), object },
    }
}
