//! One object where neither a streaming list nor a list is to be had: API servers without streaming lists, and the verb `watch`
//! alone, which is all that aws-iam-authenticator asks for.
//!
//! A watch without a version begins with what there is, and nothing says where that ends. So whoever hears nothing for a
//! moment takes it that there is no such object.

use std::{ops::ControlFlow, pin::pin, time::Duration};

use futures_util::StreamExt as _;
use http::StatusCode;
use kube::{
    Api,
    api::{DynamicObject, WatchEvent, WatchParams},
    core::Status,
    runtime::watcher,
};
use tokio::time::{sleep, timeout};

use super::{Change, LASTS_SECONDS, Object, Pace, Trouble, Watched, trouble};
use crate::Cluster;

/// API servers send what there is at once, from memory.
const SETTLES: Duration = Duration::from_secs(2);

/// What is known from one watch to the next.
#[derive(Default)]
struct Known {
    /// The version to go on from; none where it has to begin anew.
    version: Option<String>,
    /// Whether there is the object; nothing where that was not told yet.
    is_there: Option<bool>,
}

/// Tells what there is and each change of it, until it is told to break.
pub(super) async fn follow(
    cluster: &Cluster,
    what: Watched,
    api: &Api<DynamicObject>,
    tell: &mut impl FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let params = WatchParams {
        field_selector: what.only.map(|(_, name)| format!("metadata.name={name}")),
        timeout: Some(LASTS_SECONDS),
        bookmarks: true,
        ..WatchParams::default()
    };
    let (mut known, mut pace, mut has_failed) = (Known::default(), Pace::default(), false);
    loop {
        let error = match api.watch(&params, known.version.as_deref().unwrap_or_default()).await {
            Ok(events) => {
                if std::mem::take(&mut has_failed) {
                    tell(Change::Restored)?;
                }
                pace = Pace::default();
                match until_it_ends(events, &mut known, tell).await? {
                    None => {
                        sleep(Pace::FIRST).await;
                        continue;
                    }
                    Some(error) => watcher::Error::WatchFailed(error),
                }
            }
            // The version that was seen last is forgotten: it begins anew.
            Err(kube::Error::Api(status)) if is_gone(&status) && known.version.take().is_some() => continue,
            Err(error) => watcher::Error::WatchStartFailed(error),
        };
        // Of the version that was seen last the API server may know nothing any more.
        known.version = None;
        if let Some(Trouble::Told(change)) = trouble(cluster, what, error) {
            has_failed |= matches!(change, Change::Failed { .. });
            tell(change)?;
        }
        sleep(pace.next().unwrap_or(Pace::LONGEST)).await;
    }
}

/// Tells the events of one watch; an error that it ends with is for the next try.
async fn until_it_ends(
    events: impl futures_util::Stream<Item = kube::Result<WatchEvent<DynamicObject>>>,
    known: &mut Known,
    tell: &mut impl FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<(), Option<kube::Error>> {
    let mut events = pin!(events);
    let mut begins = known.version.is_none();
    loop {
        let next = if begins { timeout(SETTLES, events.next()).await } else { Ok(events.next().await) };
        let (object, is_there) = match next {
            Err(_) => {
                begins = false;
                tell_nothing(known, tell)?;
                continue;
            }
            Ok(None) => return ControlFlow::Continue(None),
            Ok(Some(Err(error))) => return ControlFlow::Continue(Some(error)),
            Ok(Some(Ok(WatchEvent::Error(status)))) if is_gone(&status) => {
                known.version = None;
                return ControlFlow::Continue(None);
            }
            Ok(Some(Ok(WatchEvent::Error(status)))) => return ControlFlow::Continue(Some(kube::Error::Api(status))),
            Ok(Some(Ok(WatchEvent::Bookmark(bookmark)))) => {
                known.version = Some(bookmark.metadata.resource_version);
                if std::mem::take(&mut begins) {
                    tell_nothing(known, tell)?;
                }
                continue;
            }
            Ok(Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)))) => (Object::from(object), true),
            Ok(Some(Ok(WatchEvent::Deleted(object)))) => (Object::from(object), false),
        };
        known.version = Some(object.resource_version.clone()).filter(|version| !version.is_empty());
        known.is_there = Some(is_there);
        let has_begun = !std::mem::take(&mut begins);
        tell(match (is_there, has_begun) {
            (true, true) => Change::Applied(object),
            (false, true) => Change::Gone(object.name),
            (true, false) => Change::All(vec![object]),
            (false, false) => Change::All(Vec::new()),
        })?;
    }
}

fn is_gone(status: &Status) -> bool {
    status.code == StatusCode::GONE.as_u16()
}

/// That there is no such object, where that is news.
fn tell_nothing(known: &mut Known, tell: &mut impl FnMut(Change) -> ControlFlow<()>) -> ControlFlow<()> {
    match known.is_there.replace(false) {
        Some(false) => ControlFlow::Continue(()),
        Some(true) | None => tell(Change::All(Vec::new())),
    }
}
