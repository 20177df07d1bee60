//! Every call that makes or fills a file fails once, or from then on.

use crate::shim::Fault;
use crate::support::{Place, all, assert_same, assert_whole, csv, train, turns};

/// The run folder; a name that nothing else has.
const OUT: &str = "outrun";

/// Trains with each call of a class failing in its turn. Without a checkpoint training goes on; without a result it ends
/// with 6 and says which; what is there is whole, and once there is room again `--resume` ends as if nothing had been.
fn training_with(calls: &str, action: &str, lasting: bool, few: usize) -> usize {
    let place = Place::new();
    let whole = place.trained(OUT);
    place.remove(OUT);
    let count = place.calls(&train(OUT, &[]), calls, OUT).len();
    let mut resumed = 0;
    for (i, turn) in turns(count, few).into_iter().enumerate() {
        place.remove(OUT);
        let fault = Fault {
            calls,
            piece: OUT,
            turn,
            lasting,
            action,
        };
        let ended = place.run(&train(OUT, &[]), Some(fault));
        let call = &ended.calls[turn - 1];
        let what = format!("{call} ({turn} of {count}, {action}): {}", ended.stderr);
        let told = ended.stderr.matches("training goes on").count();
        match ended.code {
            Some(0) => {
                assert!(call.contains("/checkpoint"), "{what}");
                assert_eq!(told, 1, "{what}");
                assert_same(&place.files(OUT), &whole, &what);
                continue;
            }
            code => assert_eq!(code, Some(6), "{what}"),
        }
        assert!(
            ended.stderr.contains("error: cannot write outrun"),
            "{what}"
        );
        assert!(ended.stdout.is_empty(), "{what}");
        assert_whole(&place.files(OUT), &whole, &what);
        let checkpoints = place
            .files(OUT)
            .keys()
            .any(|name| name.starts_with("checkpoint/"));
        if checkpoints && (all() || i % 3 == 2) {
            resumed += 1;
            place.ok(&train(OUT, &["--resume"]));
            assert_same(&place.files(OUT), &whole, &what);
        }
    }
    place.remove(OUT);
    let fault = Fault {
        calls,
        piece: OUT,
        turn: count + 1,
        lasting,
        action,
    };
    let ended = place.run(&train(OUT, &[]), Some(fault));
    assert_eq!(ended.code, Some(0), "after the last: {}", ended.stderr);
    assert_same(&place.files(OUT), &whole, "after the last");
    println!("{calls} {action}: {count} places, {resumed} resumed");
    count
}

#[test]
fn every_write_of_a_training_may_find_the_disk_full() {
    assert!(training_with("write", "ENOSPC", false, 14) > 10);
}

#[test]
fn a_disk_that_stays_full_ends_a_training_with_what_was_there() {
    assert!(training_with("create,write", "ENOSPC", true, 8) > 10);
}

#[test]
fn every_file_that_is_made_synced_or_named_in_a_training_may_fail() {
    assert!(training_with("sync,rename,mkdir", "EIO", false, 10) > 10);
}

/// A command writes over what is in `outrun`, with each call failing in its turn: it ends with 6 and a name, and every file
/// is the old one or the new one.
fn writing_over(place: &Place, args: &[&str], few: usize) -> usize {
    let calls = "create,write,sync,rename";
    let old = place.files(OUT);
    place.copy(OUT, "old");
    let count = place.calls(args, calls, OUT).len();
    let new = place.files(OUT);
    assert_ne!(old, new, "{args:?} writes nothing new");
    for turn in turns(count, few) {
        place.copy("old", OUT);
        let fault = Fault {
            calls,
            piece: OUT,
            turn,
            lasting: false,
            action: "ENOSPC",
        };
        let ended = place.run(args, Some(fault));
        let what = format!("{} ({turn}): {}", ended.calls[turn - 1], ended.stderr);
        assert_eq!(ended.code, Some(6), "{what}");
        assert!(
            ended.stderr.contains("error: cannot write outrun"),
            "{what}"
        );
        assert!(ended.stdout.is_empty(), "{what}");
        for (name, bytes) in place.files(OUT) {
            let known = [old.get(&name), new.get(&name)].contains(&Some(&bytes));
            assert!(known, "{what}: {name} is neither the old nor the new one");
        }
    }
    println!("{}: {count} places", args[0]);
    count
}

#[test]
fn predictions_over_older_ones_are_whole_whichever_call_fails() {
    let place = Place::new();
    place.trained("run");
    place.write("other.csv", &csv(40));
    let predict = |data| {
        let args = ["predict", "run/model.safetensors", data, "--out", OUT];
        [&args[..], &["--backend", "cpu", "--force"]].concat()
    };
    place.ok(&predict("other.csv"));
    assert!(writing_over(&place, &predict("data.csv"), 8) > 10);
}

#[test]
fn a_report_over_an_older_one_is_whole_whichever_call_fails() {
    let place = Place::new();
    place.trained(OUT);
    place.write("outrun/report.html", b"<html>older</html>");
    assert!(writing_over(&place, &["report", OUT], 8) > 10);
}

#[test]
fn an_export_over_an_older_one_is_whole_whichever_call_fails() {
    let place = Place::new();
    place.trained("run");
    std::fs::create_dir(place.path(OUT)).expect("made");
    place.write("outrun/encoder.onnx", b"older");
    let args = ["export", "run", "--out", "outrun/encoder.onnx", "--force"];
    assert!(writing_over(&place, &args, 8) >= 4);
}

#[test]
fn an_older_run_stays_whole_until_the_new_one_is_on_the_disk() {
    let place = Place::new();
    place.ok(&train(OUT, &["--seed", "1"]));
    let old = place.files(OUT);
    place.copy(OUT, "old");
    let again = train(OUT, &["--force"]);
    let calls = place.calls(&again, "write", OUT);
    let is_result = |call: &&String| !call.contains("/checkpoint") && !call.contains("/explain");
    // config.toml, labels.csv, …, before explain: all are written before the first of them gets its name.
    let first = calls.iter().position(|call| is_result(&call)).expect("one");
    let count = calls[first..].iter().take_while(is_result).count();
    assert!(count >= 8, "{count} of {calls:#?}");
    for turn in turns(count, 3) {
        place.copy("old", OUT);
        let fault = Fault {
            calls: "write",
            piece: OUT,
            turn: first + turn,
            lasting: true,
            action: "ENOSPC",
        };
        let ended = place.run(&again, Some(fault));
        assert_eq!(ended.code, Some(6), "{}", ended.stderr);
        let mut found = place.files(OUT);
        found.retain(|name, _| !name.starts_with("checkpoint/"));
        assert!(
            found == old,
            "{}: the older run is not whole",
            ended.calls[first + turn - 1]
        );
    }
}
