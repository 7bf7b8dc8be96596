//! What every cluster lets everybody do who logs in, which is no news about anybody.
//!
//! Judged by rules and not by the names of roles: whoever may write `system:basic-user` may add to it.

use std::sync::LazyLock;

use rbac::{Rule, comparison::Permission};

/// The rules of `system:basic-user`, `system:discovery` and `system:public-info-viewer`.
///
/// Source: Kubernetes 1.37, `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
static DEFAULT_RULES: LazyLock<[Rule; 3]> = LazyLock::new(|| {
    let texts = |words: &str| words.split(' ').map(Box::from).collect();
    let create = |group: &str, resources: &str| Rule {
        verbs: texts("create"),
        api_groups: texts(group),
        resources: texts(resources),
        ..Rule::default()
    };
    let urls = "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/";
    [
        create("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
        create("authentication.k8s.io", "selfsubjectreviews"),
        Rule { verbs: texts("get"), non_resource_urls: texts(urls), ..Rule::default() },
    ]
});

/// Whether a right is one of them.
pub(crate) fn is_default_permission(permission: &Permission) -> bool {
    permission.is_allowed_by(&*DEFAULT_RULES)
}

/// Whether a rule allows nothing but them.
pub(crate) fn are_default_permissions(rule: &Rule) -> bool {
    Permission::of_rules([rule]).iter().all(is_default_permission)
}
