//! Whether one rule allows one request.
//!
//! Source: Kubernetes, `pkg/apis/rbac/v1/evaluation_helpers.go` and `plugin/pkg/auth/authorizer/rbac/rbac.go`.

use crate::{Request, ResourceRequest, Rule};

const ANY: &str = "*";

impl Rule {
    /// Whether this rule alone allows a request.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        match request {
            Request::Resource(request) => {
                has(&self.verbs, request.verb)
                    && has(&self.api_groups, request.api_group)
                    && self.covers_resource(request)
                    && (self.resource_names.is_empty()
                        || self.resource_names.iter().any(|name| **name == *request.name))
            }
            Request::Url { verb, path } => has(&self.verbs, verb) && self.covers_url(path),
        }
    }

    fn covers_resource(&self, request: &ResourceRequest<'_>) -> bool {
        self.resources.iter().any(|rule| {
            let rule = &**rule;
            if rule == ANY {
                return true;
            }
            if request.subresource.is_empty() {
                return rule == request.resource;
            }
            let resource = rule.strip_suffix(request.subresource).and_then(|rule| rule.strip_suffix('/'));
            resource.is_some_and(|resource| resource == ANY || resource == request.resource)
        })
    }

    fn covers_url(&self, path: &str) -> bool {
        self.non_resource_urls.iter().any(|rule| {
            let rule = &**rule;
            rule == ANY || rule == path || (rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*')))
        })
    }
}

fn has(rule: &[Box<str>], asked: &str) -> bool {
    rule.iter().any(|rule| &**rule == ANY || &**rule == asked)
}
