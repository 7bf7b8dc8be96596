//! Whether one rule allows one request.
//!
//! Source: Kubernetes, `pkg/apis/rbac/v1/evaluation_helpers.go` and `plugin/pkg/auth/authorizer/rbac/rbac.go`.

use crate::{Request, Rule};

const ANY: &str = "*";

impl Rule {
    /// Returns whether this rule alone allows a request.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        match request {
            Request::Resource(request) => {
                self.has_verb(request.verb)
                    && self.has_group(request.api_group)
                    && self.has_resource(request.resource, request.subresource)
                    && self.has_name(request.name)
            }
            Request::Url { verb, path } => self.has_verb(verb) && self.has_url(path),
        }
    }

    pub(crate) fn has_verb(&self, verb: &str) -> bool {
        has(&self.verbs, verb)
    }

    pub(crate) fn has_group(&self, api_group: &str) -> bool {
        has(&self.api_groups, api_group)
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.resource_names.is_empty() || self.resource_names.iter().any(|one| **one == *name)
    }

    pub(crate) fn has_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|rule| {
            let rule = &**rule;
            if rule == ANY {
                return true;
            }
            if subresource.is_empty() {
                return rule == resource;
            }
            let of_rule = rule.strip_suffix(subresource).and_then(|rule| rule.strip_suffix('/'));
            of_rule.is_some_and(|of_rule| of_rule == ANY || of_rule == resource)
        })
    }

    fn has_url(&self, path: &str) -> bool {
        self.non_resource_urls.iter().any(|rule| {
            let rule = &**rule;
            rule == ANY || rule == path || (rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*')))
        })
    }
}

fn has(rule: &[Box<str>], asked: &str) -> bool {
    rule.iter().any(|rule| &**rule == ANY || &**rule == asked)
}
