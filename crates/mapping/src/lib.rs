//! Who that caller is in the cluster: rules, decision, the existing authenticator's file formats.
