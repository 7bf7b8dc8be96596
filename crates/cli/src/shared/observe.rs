//! Looking at a cluster, or at what was given in its place: the one way of every command that does.

mod context;
mod files;
mod from;
mod live;

pub(crate) use self::{
    context::{ClusterArgs, contexts, listener, proxies},
    files::{access_files, say_left_out},
    from::{
        APPLIED_WITH, COMPARED_IN, COMPILED_WITH, FromArgs, IMPORTED_FROM, PLANNED_WITH, PathArgs,
        ensure_no_configuration, gated, ignored, read_access_files,
    },
    live::{ACCOUNTS, COMPILING, EVERYTHING, Lists, look},
};
