//! One object where neither a streaming list nor a list is to be had: API servers without streaming lists, and the verb `watch`
//! alone, which is all that aws-iam-authenticator asks for.
//!
//! A watch without a version begins with what there is, and nothing says where that ends: an API server that is slow is as
//! silent as one that has no such object. That there is none is taken from what it sends behind everything that there is:
//! a bookmark, or the end of the watch at the time that it was asked for. So that this is soon, the first watch is short.

use std::{ops::ControlFlow, pin::pin, time::Duration};

use futures_util::StreamExt as _;
use http::StatusCode;
use kube::{
    Api,
    api::{DynamicObject, WatchEvent, WatchParams},
    core::Status,
    runtime::watcher,
};
use tokio::time::{Instant, sleep};

use super::{Change, LASTS_SECONDS, Object, Pace, Trouble, Watched, trouble};
use crate::Cluster;

/// The time after which a watch is to end that has to tell what there is. API servers send a bookmark two seconds before.
const FIRST_LASTS_SECONDS: u32 = 4;

/// API servers end a watch at its time or a moment later. What ends otherwise may have broken off, which the client does not
/// tell from an end.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// What is known from one watch to the next.
#[derive(Default)]
struct Known {
    /// The version to go on from; none where it has to begin anew.
    version: Option<String>,
    /// Whether there is the object; nothing where that was not told yet.
    is_there: Option<bool>,
    /// Whether that is so since it had to begin anew. What was told before stays until then.
    is_sure: bool,
}

impl Known {
    /// Changes may be missed from here on: it has to begin anew.
    fn begin_anew(&mut self) {
        self.version = None;
        self.is_sure = false;
    }
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
        bookmarks: true,
        ..WatchParams::default()
    };
    let (mut known, mut pace, mut has_failed) = (Known::default(), Pace::default(), false);
    loop {
        let was_sure = known.is_sure;
        let lasts = if was_sure { LASTS_SECONDS } else { FIRST_LASTS_SECONDS };
        let params = WatchParams { timeout: Some(lasts), ..params.clone() };
        let asked = Instant::now();
        let error = match api.watch(&params, known.version.as_deref().unwrap_or_default()).await {
            Ok(events) => {
                let opened = Instant::now();
                if std::mem::take(&mut has_failed) {
                    tell(Change::Restored)?;
                }
                pace = Pace::default();
                match until_it_ends(events, &mut known, tell).await? {
                    None => {
                        let time = Duration::from_secs(lasts.into());
                        let has_ended = asked.elapsed() >= time && opened.elapsed() < time + ENDS_WITHIN;
                        if !was_sure && !known.is_sure && has_ended {
                            tell_nothing(&mut known, tell)?;
                        }
                        sleep(Pace::FIRST).await;
                        continue;
                    }
                    Some(error) => watcher::Error::WatchFailed(error),
                }
            }
            Err(kube::Error::Api(status)) if is_gone(&status) && known.version.is_some() => {
                known.begin_anew();
                continue;
            }
            Err(error) => watcher::Error::WatchStartFailed(error),
        };
        // Of the version that was seen last the API server may know nothing any more.
        known.begin_anew();
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
    loop {
        let (object, is_there) = match events.next().await {
            None => return ControlFlow::Continue(None),
            Some(Err(error)) => return ControlFlow::Continue(Some(error)),
            Some(Ok(WatchEvent::Error(status))) if is_gone(&status) => {
                known.begin_anew();
                return ControlFlow::Continue(None);
            }
            Some(Ok(WatchEvent::Error(status))) => return ControlFlow::Continue(Some(kube::Error::Api(status))),
            Some(Ok(WatchEvent::Bookmark(bookmark))) => {
                known.version = Some(bookmark.metadata.resource_version);
                if !known.is_sure {
                    tell_nothing(known, tell)?;
                }
                continue;
            }
            Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) => (Object::from(object), true),
            Some(Ok(WatchEvent::Deleted(object))) => (Object::from(object), false),
        };
        known.version = Some(object.resource_version.clone()).filter(|version| !version.is_empty());
        known.is_there = Some(is_there);
        let was_sure = std::mem::replace(&mut known.is_sure, true);
        tell(match (is_there, was_sure) {
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
    known.is_sure = true;
    match known.is_there.replace(false) {
        Some(false) => ControlFlow::Continue(()),
        Some(true) | None => tell(Change::All(Vec::new())),
    }
}
