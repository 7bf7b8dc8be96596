//! One page of a list in IAM's XML, read strictly: an entry that is not understood fails the page.

use identity::Arn;

use crate::xml;

/// How a call's answers are written.
pub(super) struct Listing {
    /// The call, which is also the permission for it.
    pub(super) call: &'static str,
    /// The element that all of it stands in.
    pub(super) result: &'static str,
    /// The element of the list in there.
    pub(super) list: &'static str,
    /// What is listed.
    pub(super) kind: Kind,
}

/// How users or roles are written.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// What the ARNs' resources start with.
    pub(super) arn: &'static str,
    /// The element of one alone.
    pub(super) element: &'static str,
    /// The field of the name, which is also the parameter for it.
    pub(super) name: &'static str,
}

/// ARN, path and name.
pub(super) type Entry = (Arn, String, String);

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Next,
}

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was the last one.
    Nothing,
    /// Another one, for whoever asks with this `Marker`.
    At(String),
    /// Another one, and the answer does not say where.
    Unsaid,
}

impl Page {
    /// None where the answer is not one of IAM's.
    pub(super) fn read(body: &[u8], listing: &Listing) -> Option<Self> {
        let results = xml::children(body, listing.result)?;
        let [result] = &results[..] else { return None };
        if !xml::has(result, listing.list) {
            return None;
        }
        // It may be left out, and is false then.
        let next = match (xml::text(result, "IsTruncated"), xml::text(result, "Marker")) {
            (None | Some("false"), _) => Next::Nothing,
            (Some("true"), Some(marker)) => Next::At(marker.to_owned()),
            (Some("true"), None) => Next::Unsaid,
            (Some(_), _) => return None,
        };
        let members = xml::members(body, listing.list)?;
        let entries = members.iter().map(|fields| entry(fields, listing.kind)).collect::<Option<_>>()?;
        Some(Self { entries, next })
    }
}

/// One user or role; `None` if it is not consistent.
pub(super) fn entry(fields: &[(String, String)], kind: Kind) -> Option<Entry> {
    let text = |name| xml::text(fields, name).map(str::to_owned);
    let (path, name) = (text("Path")?, text(kind.name)?);
    let arn: Arn = text("Arn")?.parse().ok()?;
    let consistent = arn.service == "iam" && arn.resource == format!("{}{path}{name}", kind.arn);
    consistent.then_some((arn, path, name))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Listing, Next, Page};

    const USERS: Listing = Listing {
        call: "iam:GetGroup",
        result: "GetGroupResult",
        list: "Users",
        kind: Kind { arn: "user", element: "User", name: "UserName" },
    };

    fn read(inside: &str) -> Option<Page> {
        let body = format!("<GetGroupResponse><GetGroupResult>{inside}</GetGroupResult></GetGroupResponse>");
        Page::read(body.as_bytes(), &USERS)
    }

    const BOB: &str = "<member><Path>/ops/</Path><UserName>bob</UserName><UserId>AIDA1</UserId>\
                       <Arn>arn:aws:iam::111122223333:user/ops/bob</Arn></member>";

    #[test]
    fn what_follows_a_page_is_said_in_one_of_three_ways() {
        let rows = [
            ("said to be the last", "<IsTruncated>false</IsTruncated>", Some(Next::Nothing)),
            ("nothing said", "", Some(Next::Nothing)),
            ("an empty marker", "<IsTruncated>false</IsTruncated><Marker/>", Some(Next::Nothing)),
            ("more", "<IsTruncated>true</IsTruncated><Marker>a&amp;b=</Marker>", Some(Next::At("a&b=".to_owned()))),
            ("more, no marker", "<IsTruncated>true</IsTruncated>", Some(Next::Unsaid)),
            ("more, an empty marker", "<IsTruncated>true</IsTruncated><Marker></Marker>", Some(Next::Unsaid)),
            ("another word", "<IsTruncated>perhaps</IsTruncated>", None),
        ];
        for (name, said, next) in rows {
            let page = read(&format!("<Group><Path>/</Path></Group><Users>{BOB}</Users>{said}"));
            assert_eq!(page.as_ref().map(|page| page.entries.len()), next.as_ref().map(|_| 1), "{name}");
            assert_eq!(page.map(|page| page.next), next, "{name}");
        }
    }

    #[test]
    fn a_page_may_be_empty_but_not_without_a_list() {
        for empty in ["<Users/>", "<Users></Users>", "<Users>\n</Users>"] {
            assert_eq!(read(empty), Some(Page { entries: Vec::new(), next: Next::Nothing }), "{empty}");
        }
        assert_eq!(read("<Group/>"), None);
        assert_eq!(read(""), None);
        assert_eq!(Page::read(b"<html></html>", &USERS), None, "a page of something else");
        assert_eq!(Page::read(b"<GetGroupResponse><GetGroupResult><Users>", &USERS), None, "cut off");
    }

    #[test]
    fn an_entry_that_is_not_understood_fails_the_page() {
        let rows = [
            ("no ARN", BOB.replace("Arn>", "Other>")),
            ("no path", BOB.replace("Path>", "Other>")),
            ("no name", BOB.replace("UserName>", "Other>")),
            ("an ARN that is none", BOB.replace("arn:aws:iam", "arn:mars:iam")),
            ("a role's", BOB.replace(":user/", ":role/")),
            ("somebody else's", BOB.replace("/ops/bob<", "/ops/eve<")),
            ("another path", BOB.replace("<Path>/ops/", "<Path>/dev/")),
            ("STS's", BOB.replace(":iam:", ":sts:")),
        ];
        for (name, entry) in rows {
            assert_ne!(entry, BOB, "{name}");
            assert_eq!(read(&format!("<Users>{BOB}{entry}</Users>")), None, "{name}");
        }
    }
}
