//! The program is killed at a call of its choice in the folder of the checkpoints, before, in the midst of and after it;
//! `--resume` then ends with the bytes of a run that was not killed.

use std::fs;

use crate::shim::Fault;
use crate::support::{Files, Place, all, assert_same, train, turns};

const OUT: &str = "outrun";
const CHECKPOINT: &str = "outrun/checkpoint";
const MOMENTS: [&str; 3] = ["kill-before", "kill-half", "kill-after"];

/// Kills a run at a moment; `resume` is how the killed one is started.
fn kill(place: &Place, resume: &[&str], piece: &str, turn: usize, action: &str) -> String {
    let fault = Fault {
        calls: "any",
        piece,
        turn,
        lasting: false,
        action,
    };
    let ended = place.run(&train(OUT, resume), Some(fault));
    assert!(
        ended.killed,
        "{action} at {turn}: {:?} {}",
        ended.code, ended.stderr
    );
    format!("{action} {} ({turn})", ended.calls[turn - 1])
}

/// Goes on after a kill; whether from a checkpoint.
fn goes_on(place: &Place, whole: &Files, what: &str) -> bool {
    let ended = place.ok(&train(OUT, &["--resume"]));
    assert_same(&place.files(OUT), whole, what);
    ended.stderr.contains("going on from")
}

/// The last call of a class on a path that ends so.
fn last(calls: &[String], class: &str, end: &str) -> usize {
    let found = calls
        .iter()
        .rposition(|call| call.starts_with(class) && call.ends_with(end));
    1 + found.unwrap_or_else(|| panic!("no {class} …{end} in {calls:#?}"))
}

#[test]
fn a_kill_at_any_moment_of_a_checkpoint_costs_nothing() {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let calls = place.calls(&train(OUT, &[]), "any", CHECKPOINT);
    // The second checkpoint, of clustering: the first is there by then.
    let [create, write] = ["create", "write"].map(|class| last(&calls, class, ".tmp"));
    let rename = last(&calls, "rename", ".safetensors");
    let sync = last(&calls[..rename], "sync", ".tmp");
    let folder = last(&calls[..rename + 3], "sync", "/checkpoint");
    assert!(
        create < write && write < sync && sync < rename && rename < folder,
        "{calls:#?}"
    );
    let moments = [
        ("before the file is made", create, "kill-before"),
        ("after it is made", create, "kill-after"),
        ("in the midst of a write", write, "kill-half"),
        ("after the last write", write, "kill-after"),
        ("before it is on the disk", sync, "kill-before"),
        ("on the disk, before its name", rename, "kill-before"),
        (
            "after its name, before the folder's sync",
            folder,
            "kill-before",
        ),
        ("after the folder's sync", folder, "kill-after"),
    ];
    let mut good = 0;
    for (moment, turn, action) in moments {
        place.remove(OUT);
        let what = kill(&place, &[], CHECKPOINT, turn, action);
        assert!(
            goes_on(&place, &whole, &what),
            "{moment}, {what}: it began again"
        );
        good += 1;
    }
    println!("killed at {good} moments of a checkpoint");
    assert_eq!(good, 8);
}

#[test]
fn a_kill_at_the_first_checkpoint_lets_the_same_command_begin() {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let calls = place.calls(&train(OUT, &["--resume"]), "any", CHECKPOINT);
    let first = |class: &str| {
        let found = calls.iter().position(|call| call.starts_with(class));
        1 + found.unwrap_or_else(|| panic!("no {class} in {calls:#?}"))
    };
    for (class, action) in [
        ("mkdir", "kill-before"),
        ("mkdir", "kill-after"),
        ("create", "kill-after"),
        ("write", "kill-half"),
        ("rename", "kill-before"),
    ] {
        place.remove(OUT);
        let what = kill(&place, &["--resume"], CHECKPOINT, first(class), action);
        assert!(
            !goes_on(&place, &whole, &what),
            "{what}: there is no checkpoint yet"
        );
    }
}

#[test]
fn a_kill_while_an_old_checkpoint_is_removed_costs_nothing() {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let calls = place.calls(&train(OUT, &[]), "any", CHECKPOINT);
    place.remove(OUT);
    // As soon as the first is there; a copy of it makes the one that follows the third.
    kill(
        &place,
        &[],
        CHECKPOINT,
        1 + first_whole(&calls),
        "kill-after",
    );
    let first = place.path(CHECKPOINT).join("seed-0-00000001.safetensors");
    fs::copy(&first, first.with_file_name("seed-0-00000002.safetensors")).expect("copied");
    place.copy(OUT, "begun");
    let calls = place.calls(&train(OUT, &["--resume"]), "any", CHECKPOINT);
    let turn = calls
        .iter()
        .position(|call| call.starts_with("unlink") && call.ends_with("1.safetensors"));
    let turn = 1 + turn.expect("the first checkpoint is removed");
    for action in ["kill-before", "kill-after"] {
        place.copy("begun", OUT);
        let what = kill(&place, &["--resume"], CHECKPOINT, turn, action);
        assert!(goes_on(&place, &whole, &what), "{what}: it began again");
    }
}

/// The place of the first rename.
fn first_whole(calls: &[String]) -> usize {
    calls
        .iter()
        .position(|call| call.starts_with("rename"))
        .expect("a checkpoint")
}

#[test]
fn a_run_that_is_killed_as_its_last_checkpoints_go_is_whole_after_all() {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let calls = place.calls(&train(OUT, &[]), "any", CHECKPOINT);
    place.remove(OUT);
    let what = kill(
        &place,
        &[],
        CHECKPOINT,
        last(&calls, "unlink", ".safetensors"),
        "kill-before",
    );
    assert!(place.path("outrun/metrics.json").exists(), "{what}");
    assert!(goes_on(&place, &whole, &what), "{what}");
}

#[test]
fn a_run_over_an_older_one_goes_on_too() {
    let place = Place::new();
    let whole = place.trained(OUT);
    let calls = place.calls(&train(OUT, &["--force", "--seed", "1"]), "any", CHECKPOINT);
    place.remove(OUT);
    place.ok(&train(OUT, &["--seed", "1"]));
    let what = kill(
        &place,
        &["--force"],
        CHECKPOINT,
        1 + first_whole(&calls),
        "kill-after",
    );
    assert!(place.path("outrun/metrics.json").exists(), "{what}");
    assert!(goes_on(&place, &whole, &what), "{what}: it began again");
}

#[test]
fn a_kill_at_any_call_in_the_run_folder_costs_nothing() {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let calls = place.calls(&train(OUT, &[]), "any", OUT);
    let mut good = 0;
    for (i, turn) in turns(calls.len(), 8).into_iter().enumerate() {
        let is_write = calls[turn - 1].starts_with("write");
        for moment in MOMENTS {
            // What is no write has no midst.
            if moment == "kill-half" && !is_write || !all() && moment != MOMENTS[2 * (i % 2)] {
                continue;
            }
            place.remove(OUT);
            let what = kill(&place, &["--resume"], OUT, turn, moment);
            let ended = place.run(&train(OUT, &["--resume"]), None);
            // Killed after all was done: a whole run and nothing more to do.
            if ended.code == Some(2) && ended.stderr.contains("holds a whole run") {
                assert_same(&place.files(OUT), &whole, &what);
            } else {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                assert_same(&place.files(OUT), &whole, &what);
            }
            good += 1;
        }
    }
    println!("{good} kills at {} calls in the run folder", calls.len());
    assert!(good >= 8, "{good} kills");
}

#[test]
fn what_a_killed_command_left_half_written_goes_with_the_next_one() {
    let place = Place::new();
    place.trained("run");
    let predict = ["predict", "run/model.safetensors", "data.csv", "--out", OUT];
    let predict = [&predict[..], &["--backend", "cpu", "--force"]].concat();
    let whole = {
        place.ok(&predict);
        place.files(OUT)
    };
    let count = place.calls(&predict, "write", OUT).len();
    place.copy("run", "outrun-report");
    for (args, piece, count) in [
        (&predict[..], OUT, count),
        (&["report", "outrun-report"], "outrun-report/", 3),
    ] {
        let fault = Fault {
            calls: "write",
            piece,
            turn: count,
            lasting: false,
            action: "kill-half",
        };
        let left = |place: &Place| {
            let names = place.files(piece).into_keys();
            names.filter(|name| name.ends_with(".tmp")).count()
        };
        assert!(place.run(args, Some(fault)).killed, "{args:?}");
        assert!(left(&place) > 0, "{args:?} leaves nothing to remove");
        place.ok(args);
        assert_eq!(left(&place), 0, "{args:?}");
    }
    assert!(place.files(OUT) == whole);
}
