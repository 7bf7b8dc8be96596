//! What a plan cannot say, because something could not be read. What was not seen is never stated as absent: not in a
//! section, not in a number.

use inventory::Who;
use rbac::ObjectId;

use super::Object;

/// The questions that a plan cannot answer.
#[derive(Clone, Debug, Default)]
pub struct NotKnown {
    /// The people of whom it is not known whether they can log in, and as whom, in the order of who they are.
    pub logins: Vec<Who>,
    /// The people of whom it is not known who gains or loses what; all who can log in, where [`Self::why_no_rights`] says why.
    pub rights: Vec<Who>,
    /// Why nobody's rights can be compared: what could not be read, in words.
    pub why_no_rights: Vec<Box<str>>,
    /// Objects that the file asks for and that may be there, in the order of their ids.
    pub objects: Vec<Object>,
    /// Objects that are ours, and for which the file may ask.
    pub stays: Vec<ObjectId>,
    /// Entries that the file asks for where logins could not be read, in the order of their principals.
    pub entries: Vec<String>,
    /// Whether there may be logins that were not seen at all.
    pub has_other_logins: bool,
    /// The same of objects.
    pub has_other_objects: bool,
}

impl NotKnown {
    /// Returns whether everything is known that a plan says.
    pub fn is_empty(&self) -> bool {
        let Self { logins, rights, why_no_rights, objects, stays, entries, has_other_logins, has_other_objects } = self;
        let of_people = logins.is_empty() && rights.is_empty() && why_no_rights.is_empty();
        let of_objects = objects.is_empty() && stays.is_empty() && entries.is_empty();
        of_people && of_objects && !has_other_logins && !has_other_objects
    }
}
