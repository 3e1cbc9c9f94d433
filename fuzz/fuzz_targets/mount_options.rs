#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::mount_options(bytes));
