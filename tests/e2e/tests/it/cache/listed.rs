//! Where the file of cached credentials is treated otherwise by the two programs: rows of docs/differences.md, "Credentials that are
//! kept", each at both.

use std::{fs, os::unix::fs::MetadataExt as _};

use anyhow::ensure;
use e2e::{people::environment, process, sts::now, world::World};
use jiff::{SignedDuration, Timestamp};

use super::{
    Home,
    Program::{self, Ours, Theirs},
    read, soon,
};

/// A home of its own for each program, and what each does in it.
fn both<T>(
    world: &World,
    name: &str,
    does: impl Fn(&Home<'_>, Program) -> anyhow::Result<T>,
) -> anyhow::Result<(T, T)> {
    let one = |program: Program, whose: &str| -> anyhow::Result<T> {
        does(&Home::new(world, &format!("cache-{name}-{whose}"), Some(soon()))?, program)
    };
    Ok((one(Theirs, "theirs")?, one(Ours, "ours")?))
}

/// Gives every entry of the file another end.
fn ends(home: &Home<'_>, end: Timestamp) -> anyhow::Result<()> {
    let line = |line: &str| match line.split_once("expires:") {
        Some((indent, _)) if indent.trim().is_empty() => format!("{indent}expires: {end}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = fs::read_to_string(home.file())?.lines().map(line).collect();
    ensure!(text.contains(&end.to_string()), "{text}");
    Ok(fs::write(home.file(), text)?)
}

/// Whether a file is written in its place, which whoever reads meanwhile finds half written.
pub(super) fn writing(world: &World) -> anyhow::Result<()> {
    let is_in_place = both(world, "writing", |home, program| {
        home.token(program, &["-i", "a"])?;
        let before = fs::metadata(home.file())?.ino();
        home.token(program, &["-i", "b"])?;
        Ok(before == fs::metadata(home.file())?.ino())
    })?;
    ensure!(is_in_place == (true, false), "theirs and ours: {is_in_place:?}");
    Ok(())
}

/// What has ended, and what will within a minute.
pub(super) fn ended(world: &World) -> anyhow::Result<()> {
    let long_ago: Timestamp = "2020-01-01T00:00:00Z".parse()?;
    let is_left = both(world, "ended", |home, program| {
        home.token(program, &["-i", "a"])?;
        ends(home, long_ago)?;
        home.token(program, &["-i", "b"])?;
        ensure!(home.asked() == 2, "the other is asked for");
        Ok(fs::read_to_string(home.file())?.contains("2020-01-01"))
    })?;
    ensure!(is_left == (true, false), "theirs and ours: {is_left:?}");

    let asked = both(world, "ends-soon", |home, program| {
        home.token(program, &["-i", "a"])?;
        ends(home, Timestamp::from_second((now() + SignedDuration::from_secs(50)).as_second())?)?;
        home.token(program, &["-i", "a"])?;
        Ok(home.asked())
    })?;
    ensure!(asked == (1, 2), "theirs and ours ask {asked:?} times");
    Ok(())
}

/// A first call, and a file of somebody else's.
pub(super) fn files(world: &World) -> anyhow::Result<()> {
    let said = both(world, "first", |home, program| Ok(home.token(program, &["-i", "a"])?.1))?;
    ensure!(said.0.contains("does not exist") && said.1.is_empty(), "theirs and ours: {said:?}");

    let other = "credentials: none\n";
    let is_kept = both(world, "other", |home, program| {
        home.token(program, &["-i", "a"])?;
        fs::write(home.file(), other)?;
        home.token(program, &["-i", "a"])?;
        Ok(fs::read_to_string(home.file())? == other)
    })?;
    ensure!(is_kept == (false, true), "theirs and ours: {is_kept:?}");
    Ok(())
}

/// Whose what is kept is: of keys in the environment, and of a profile that another variable names.
pub(super) fn whose(world: &World) -> anyhow::Result<()> {
    let (alice, dave) = (world.sts.credentials("alice")?, world.sts.credentials("dave")?.access_key_id);
    let signed_with = both(world, "keys", |home, program| {
        let config = home.folder.join(".aws/config");
        let profiles = fs::read_to_string(&config)?.replace("[profile dave]", "[default]");
        fs::write(&config, profiles)?;
        let run = |with_keys: bool| -> anyhow::Result<String> {
            let mut command = home.command(program, &["-i", "a"]);
            command.env_remove("AWS_PROFILE");
            if with_keys {
                command.envs(environment(&alice));
            }
            Ok(read(process::run(&mut command)?)?.0)
        };
        ensure!(run(false)? == dave);
        run(true)
    })?;
    ensure!(signed_with == (dave, alice.access_key_id.clone()), "theirs and ours: {signed_with:?}");

    let kept = both(world, "profile", |home, program| {
        let mut command = home.command(program, &["-i", "a"]);
        command.env_remove("AWS_PROFILE").env("AWS_DEFAULT_PROFILE", "other");
        read(process::run(&mut command)?)?;
        let text = fs::read_to_string(home.file())?;
        // Ours puts quotation marks around names.
        Ok(["default", "other"]
            .map(|name| text.contains(&format!("{name}:")) || text.contains(&format!("\"{name}\":"))))
    })?;
    ensure!(kept == ([true, false], [false, true]), "theirs and ours: {kept:?}");
    Ok(())
}
