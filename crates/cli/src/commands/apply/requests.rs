//! Steps of a plan as requests.

use inventory::RECORD_NAMESPACE;
use kubernetes::{Resource, Write};
use plan::Action;
use rbac::{ObjectId, ObjectKind};
use serde_json::json;

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
        Action::WriteMap(write) => {
            let object = write.manifest.clone();
            if write.replaces() {
                Write::Replace { path: Resource::CONFIG_MAPS.object(Some(RECORD_NAMESPACE), &write.name), object }
            } else {
                Write::Create { path: Resource::CONFIG_MAPS.list(Some(RECORD_NAMESPACE)), object }
            }
        }
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
