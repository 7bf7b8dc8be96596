//! What is told to the programs, and what is said when there are none. The node itself is tried where the real programs are: in
//! `tests/e2e`.

use std::{fs, os::unix::fs::symlink};

use super::{NodeError, NodePrograms, files, images};

#[test]
fn kubeadm_is_told_of_this_machine_and_of_what_it_is_given() {
    let told = files::kubeadm("v1.2.3", "/a-node", files::PLAIN);
    insta::assert_snapshot!(told, @r#"
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: InitConfiguration
    localAPIEndpoint: {advertiseAddress: 10.123.0.1}
    # The one machine is for everything: no taints.
    nodeRegistration: {criSocket: "unix:///run/containerd/containerd.sock", taints: [], imagePullPolicy: IfNotPresent}
    ---
    apiVersion: kubelet.config.k8s.io/v1beta1
    kind: KubeletConfiguration
    cgroupDriver: cgroupfs
    cgroupRoot: /a-node
    failCgroupV1: false
    failSwapOn: false
    # A machine of tests is full in its own ways, and nothing here lives long.
    evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
    imageGCHighThresholdPercent: 100
    # Changed ConfigMaps reach pods sooner than in a minute.
    syncFrequency: 10s
    ---
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: ClusterConfiguration
    kubernetesVersion: v1.2.3
    "#);
    let given = format!("{}kubernetesVersion: v9.9.9\n", files::PLAIN);
    assert!(files::kubeadm("v1.2.3", "/a-node", &given).ends_with("ClusterConfiguration\nkubernetesVersion: v9.9.9\n"));
}

#[test]
fn an_image_is_that_of_the_program_in_its_name() {
    let rows = [
        ("registry.k8s.io/kube-apiserver:v1.37.2", "kube-apiserver"),
        ("registry.k8s.io/coredns/coredns:v1.12.1", "coredns"),
        ("localhost:5000/etcd:3.7.0-0", "etcd"),
        ("pause", "pause"),
        ("", ""),
    ];
    for (name, expected) in rows {
        assert_eq!(images::program(name), expected, "{name}");
    }
}

#[test]
fn programs_are_found_in_the_first_folder_that_has_them() {
    let [first, second] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let folders = [first.path().to_owned(), second.path().to_owned()];
    let missing = |folders: &[_]| match NodePrograms::find(folders) {
        Err(NodeError::Missing { programs, .. }) => programs,
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    };
    let all = missing(&folders);
    assert!(all.len() == 12 && all.contains(&"kubelet".to_owned()) && all.contains(&"runc".to_owned()), "{all:?}");
    for name in &all {
        symlink("/bin/sh", second.path().join(name)).expect("linked");
    }
    symlink("/bin/sh", first.path().join("kubelet")).expect("linked");
    let found = NodePrograms::find(&folders).expect("all are there");
    assert_eq!(found.get("kubelet"), Some(first.path().join("kubelet").as_path()));
    assert_eq!(found.get("runc"), Some(second.path().join("runc").as_path()));
    assert_eq!(found.get("coredns"), None);
    let canonical = |folder: &tempfile::TempDir| fs::canonicalize(folder.path()).expect("it exists");
    let mut shown = found.folders().expect("they exist");
    shown.sort();
    let mut expected = vec![canonical(&first), canonical(&second)];
    expected.sort();
    assert_eq!(shown, expected);
}
