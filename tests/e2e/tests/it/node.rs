//! On a real node: what a kubelet, containerd and kubeadm make of the files that people get.

mod demo;
mod guide;
mod inside;
mod kops;
mod kubeadm;
mod sizes;
mod swap;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("node::guide_from_an_access_file_to_helm_uninstall", guide::guide),
    ("node::a_pod_without_a_kubeconfig_follows_the_cluster", inside::pod),
    ("node::kops_daemonset_gets_our_image_and_its_own_again", kops::swap),
    ("node::kubeadm_keeps_the_static_pod_through_upgrades_and_renewals", kubeadm::static_pod),
    ("node::demo_starts_a_machine_whose_kubelet_runs_the_server", demo::demo),
    ("node::the_existing_daemonset_is_swapped_for_ours_and_back", swap::swap),
];

/// Says what a test has counted, beside that it has passed.
#[expect(clippy::print_stdout, reason = "these figures are what whoever runs the tests looks at")]
fn say(figures: &str) {
    println!("node: {figures}");
}

/// The version that chart and manifests name.
const VERSION: &str = "0.1.0";

/// The cluster that the documentation speaks of.
const PRODUCTION: &str = "prod.example.com";
