//! transcripts of probes: the first byte chooses who was asked, the others are turns of any bytes.
#![no_main]

use lastgood_fuzz::transcript;
use lastgood_intake::probe_answer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((target, transcript)) = transcript(input) else { return };
    let answer = probe_answer(&target, &transcript);
    if let Some(words) = &answer.words {
        assert!(words.chars().count() <= 240 && !words.contains(['\n', '\r', '\u{1b}']), "{words}");
    }
    assert_eq!(answer, probe_answer(&target, &transcript));
});
