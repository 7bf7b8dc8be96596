//! kubeconfig and ExecCredential: read, merge, write.
