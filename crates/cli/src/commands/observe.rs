//! Looking at a cluster, or at what was given in its place: the one way of every command that does.

mod context;
mod given;
mod live;

pub(crate) use self::{
    context::{ClusterArgs, contexts},
    given::{collect, given, ignored},
    live::{ACCOUNTS, COMPILING, EVERYTHING, Lists, look},
};
