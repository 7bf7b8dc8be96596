//! Rights for programs: all of them, nothing shortened.

use serde::{Serialize, Serializer};

use super::{
    permissions::{On, Permission, Right},
    rights::{Gained, Part, Place, Rights, Still},
};

/// `null` is the whole cluster.
impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Cluster => serializer.serialize_none(),
            Self::Namespaces(namespaces) => serializer.collect_seq(namespaces.iter().map(|name| &**name)),
        }
    }
}

#[derive(Serialize)]
struct RightsOut<'a> {
    namespaces: &'a Place,
    rights: &'a [Right],
    through: Vec<String>,
    #[serde(skip_serializing_if = "<[Part]>::is_empty")]
    except: &'a [Part],
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { place: namespaces, rights, through, except } = self;
        let through = through.iter().map(ToString::to_string).collect();
        RightsOut { namespaces, rights, through, except }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct PartOut<'a> {
    namespaces: Vec<&'a str>,
    rights: &'a [Permission],
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let namespaces = self.namespaces.iter().map(|name| &**name).collect();
        PartOut { namespaces, rights: &self.rights }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct RightOut<'a> {
    #[serde(flatten)]
    permission: &'a Permission,
    #[serde(skip_serializing_if = "<[Permission]>::is_empty")]
    except: &'a [Permission],
}

impl Serialize for Right {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RightOut { permission: &self.permission, except: &self.except }.serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AtomOut<'a> {
    verb: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nothing = AtomOut { verb: &self.verb, api_group: None, resource: None, name: None, url: None };
        let out = match &self.on {
            On::Resource { api_group, resource, name } => {
                AtomOut { api_group: Some(api_group), resource: Some(resource), name: name.as_deref(), ..nothing }
            }
            On::Url(url) => AtomOut { url: Some(url), ..nothing },
        };
        out.serialize(serializer)
    }
}

#[derive(Serialize)]
struct StillOut<'a> {
    namespaces: &'a Place,
    by: String,
    rights: &'a [Permission],
}

impl Serialize for Still {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StillOut { namespaces: &self.place, by: self.by.to_string(), rights: &self.rights }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct GainedOut<'a> {
    code: &'static str,
    namespaces: &'a Place,
    can: &'static str,
    why: &'static str,
}

impl Serialize for Gained {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { place: namespaces, escalation } = self;
        let (code, can, why) = (escalation.code, escalation.title, escalation.why);
        GainedOut { code, namespaces, can, why }.serialize(serializer)
    }
}
