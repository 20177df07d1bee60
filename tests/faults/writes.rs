//! Every call that makes or fills a file fails once, or from then on.

use crate::shim::Fault;
use crate::support::{Place, all, assert_same, assert_whole, train, turns};

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
    for turn in turns(count, few) {
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
        if checkpoints && (all() || turn % 3 == 0) {
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
