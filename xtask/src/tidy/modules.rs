//! The modules of each crate and who uses whom, as syn reads them. Tests are left out.
//!
//! Two things are held here. Siblings use each other in one direction only, on every floor of the tree of modules: where `plan` uses `render`,
//! nothing inside `render` uses anything inside `plan`. (A module and the modules inside it may use each other.) And pure crates
//! do not name the parts of the standard library that do I/O.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use syn::visit::{self, Visit};

/// What pure crates never name.
const IO: [&str; 5] = ["fs", "net", "process", "thread", "env"];

/// A path of names: of a module, from the crate's root, or as it was written.
type Names = Vec<String>;

/// Reports circles of modules in the crate whose sources are in `folder`.
pub(super) fn circles(folder: &Path, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let modules = Modules::read(folder)?;
    let mut arrows: BTreeMap<(Names, Names), BTreeSet<String>> = BTreeMap::new();
    for (user, module) in &modules.0 {
        for written in &module.uses {
            let Some(used) = modules.home(user, written, 0) else { continue };
            if user.starts_with(&used) || used.starts_with(user) {
                continue;
            }
            let floor = user.iter().zip(&used).take_while(|(one, other)| one == other).count() + 1;
            let example = format!("{} uses {}", module.file.display(), written.join("::"));
            arrows.entry((user[..floor].to_vec(), used[..floor].to_vec())).or_default().insert(example);
        }
    }
    let reached = |from: &Names| {
        let mut found = BTreeSet::new();
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            for ((_, to), _) in arrows.range((next.clone(), Names::new())..).take_while(|((user, _), _)| user == next) {
                if found.insert(to) {
                    open.push(to);
                }
            }
        }
        found
    };
    for ((user, used), examples) in &arrows {
        if reached(used).contains(user) {
            let example = examples.first().map(String::as_str).unwrap_or_default();
            problems.push(format!("{} and {} are in a circle: {example}", user.join("::"), used.join("::")));
        }
    }
    Ok(())
}

/// Reports what does I/O in the crate whose sources are in `folder`.
pub(super) fn purity(folder: &Path, problems: &mut Vec<String>) -> anyhow::Result<()> {
    for module in Modules::read(folder)?.0.values() {
        for written in &module.uses {
            if let [root, part, ..] = written.as_slice()
                && root == "std"
                && IO.contains(&part.as_str())
            {
                problems.push(format!("{} is pure and must not name {}", module.file.display(), written.join("::")));
            }
        }
    }
    Ok(())
}

/// All modules of a crate by their paths; the root's is empty.
struct Modules(BTreeMap<Names, Module>);

#[derive(Default)]
struct Module {
    file: PathBuf,
    /// What it defines itself.
    items: BTreeSet<String>,
    /// What it brings in, by the name that it has here.
    imports: BTreeMap<String, Names>,
    /// What it brings in whole.
    globs: Vec<Names>,
    /// Every path in it, as written.
    uses: BTreeSet<Names>,
    /// The modules inside it that have files of their own.
    inside: Vec<String>,
}

impl Modules {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let root = ["lib.rs", "main.rs"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
        let root = root.with_context(|| format!("{} has neither lib.rs nor main.rs", folder.display()))?;
        let mut modules = Self(BTreeMap::new());
        let mut open = vec![(Names::new(), root)];
        while let Some((path, file)) = open.pop() {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let syntax = syn::parse_file(&text).with_context(|| file.display().to_string())?;
            let mut module = Module { file, ..Module::default() };
            module.visit_file(&syntax);
            for name in &module.inside {
                let path: Names = path.iter().chain([name]).cloned().collect();
                let beside = folder.join(path.join("/"));
                let file = [beside.with_extension("rs"), beside.join("mod.rs")].into_iter().find(|file| file.is_file());
                open.push((path.clone(), file.with_context(|| format!("{} has no file", path.join("::")))?));
            }
            modules.0.insert(path, module);
        }
        Ok(modules)
    }

    /// The module that defines what `written` means in the module `from`; None where it is not of this crate.
    fn home(&self, from: &Names, written: &[String], depth: usize) -> Option<Names> {
        // Names brought in from each other in a circle do not compile; this is for those that rest on a macro.
        let (first, rest) = written.split_first().filter(|_| depth < 16)?;
        match first.as_str() {
            "crate" => self.below(&Names::new(), rest, depth),
            "self" => self.below(from, rest, depth),
            "super" => self.below(&from[..from.len().checked_sub(1)?].to_vec(), rest, depth),
            _ if self.named(from, first) => self.below(from, written, depth),
            _ => None,
        }
    }

    fn below(&self, from: &Names, written: &[String], depth: usize) -> Option<Names> {
        let module = self.0.get(from)?;
        let Some((first, rest)) = written.split_first() else { return Some(from.clone()) };
        if first == "super" {
            return self.below(&from[..from.len().checked_sub(1)?].to_vec(), rest, depth);
        }
        if module.inside.contains(first) {
            return self.below(&from.iter().chain([first]).cloned().collect(), rest, depth);
        }
        if module.items.contains(first) {
            return Some(from.clone());
        }
        if let Some(import) = module.imports.get(first) {
            let whole: Names = import.iter().chain(rest).cloned().collect();
            return self.home(from, &whole, depth + 1);
        }
        let globs = module.globs.iter().filter_map(|glob| self.home(from, glob, depth + 1));
        let home = globs.filter(|glob| self.named(glob, first)).find_map(|glob| self.below(&glob, written, depth + 1));
        home.or_else(|| Some(from.clone()))
    }

    fn named(&self, module: &Names, name: &String) -> bool {
        self.0.get(module).is_some_and(|module| {
            module.inside.contains(name) || module.items.contains(name) || module.imports.contains_key(name)
        })
    }
}

impl Module {
    fn import(&mut self, before: &Names, tree: &syn::UseTree) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Names>();
        match tree {
            syn::UseTree::Path(path) => self.import(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => self.bring(before.last().cloned(), before.clone()),
            syn::UseTree::Name(name) => self.bring(Some(name.ident.to_string()), with(&name.ident)),
            syn::UseTree::Rename(rename) => self.bring(Some(rename.rename.to_string()), with(&rename.ident)),
            syn::UseTree::Glob(_) => {
                self.uses.insert(before.clone());
                self.globs.push(before.clone());
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
        }
    }

    fn bring(&mut self, name: Option<String>, path: Names) {
        self.uses.insert(path.clone());
        self.imports.extend(name.map(|name| (name, path)));
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (name, attributes) = match item {
            syn::Item::Const(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Enum(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            syn::Item::Impl(item) => (None, &item.attrs),
            syn::Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
            syn::Item::Mod(item) => (None, &item.attrs),
            syn::Item::Static(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Struct(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Trait(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Type(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Union(item) => (Some(&item.ident), &item.attrs),
            syn::Item::Use(item) => (None, &item.attrs),
            _ => return visit::visit_item(self, item),
        };
        if attributes.iter().any(is_for_tests) {
            return;
        }
        self.items.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_none() {
            self.inside.push(item.ident.to_string());
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&Names::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.uses.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// Whether this is `#[cfg(test)]`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|what| what.is_ident("test"))
}
