//! Which server of logins runs, by the objects of the cluster.

use document::{Node, Source};
use rbac::resources::Resource;

use super::{DEFINITION, Dump, servers::may_run};
use crate::text::place::WrittenAt;

impl Dump {
    /// Records that the server has an access file, which only `cluster-auth server` has.
    pub fn has_server_of_ours(&mut self) {
        self.servers.is_ours = true;
    }

    /// Records why the workloads that run servers could not be read.
    pub fn could_not_see_servers(&mut self, why: &str) {
        self.servers.unseen = Some(why.into());
    }

    /// Returns whether nothing says who reads logins, outside of EKS.
    pub fn lacks_server(&self) -> bool {
        !self.servers.is_told() && !self.is_of_eks()
    }

    /// Looks at a document that is of no other interest, whether it runs the authenticator or says what resources are called;
    /// `false` where it does neither.
    pub(crate) fn look_at(&mut self, of: (&str, &str), object: &Node, source: &Source) -> bool {
        if of != DEFINITION {
            return self.look_at_server(of, object, source);
        }
        let object = object.to_json();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.custom_resources.extend(Resource::defined(name, &object["spec"].to_string()));
        true
    }

    /// Whether objects of a kind say what resources are called.
    pub(crate) fn is_definition(api_version: &str, kind: &str) -> bool {
        (api_version, kind) == DEFINITION
    }

    /// Looks whether a document runs the authenticator.
    fn look_at_server(&mut self, (api_version, kind): (&str, &str), object: &Node, source: &Source) -> bool {
        if !may_run(api_version, kind) {
            return false;
        }
        let items = if kind.ends_with("List") { object.get("items").and_then(Node::as_sequence) } else { None };
        let items = items.unwrap_or(std::slice::from_ref(object));
        let mut is_one = false;
        for item in items {
            let value = item.to_json();
            let [namespace, name] = ["namespace", "name"].map(|key| value["metadata"][key].as_str());
            self.here = WrittenAt { file: source.name().into(), line: source.position(item.span.start).line };
            let kind = kind.strip_suffix("List").unwrap_or(kind);
            is_one |= self.runs(kind, namespace, name.unwrap_or_default(), &value["spec"]);
        }
        self.here = WrittenAt::default();
        is_one
    }

    /// Looks whether an object runs the authenticator.
    pub(super) fn runs(&mut self, kind: &str, namespace: Option<&str>, name: &str, spec: &serde_json::Value) -> bool {
        let of = namespace;
        let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let what = format!("{kind} {namespace}{name}{}", self.at());
        self.servers.look_at(kind, of, &what, spec)
    }
}
