use std::fs;

use super::*;

fn error(text: &str) -> String {
    Config::parse(text.as_bytes().to_vec()).expect_err("a broken config").to_string()
}

#[test]
fn an_empty_file_is_no_json() {
    assert_eq!(error(""), "config.json: line 1, column 0: EOF while parsing a value");
}

#[test]
fn broken_json_has_line_and_column() {
    assert_eq!(error("{\n  \"root\": }"), "config.json: line 2, column 11: expected value");
}

#[test]
fn text_after_the_config_is_broken_json() {
    assert_eq!(error("{} x"), "config.json: line 1, column 4: trailing characters");
}

#[test]
fn bytes_that_are_no_text_are_broken_json() {
    let error = Config::parse(b"{\"ociVersion\": \"\xff\"}".to_vec()).expect_err("broken").to_string();
    assert_eq!(error, "config.json: line 1, column 17: invalid unicode code point");
}

#[test]
fn a_config_is_an_object() {
    assert_eq!(error("[]"), "config.json: found an array, allowed: an object");
}

#[test]
fn one_problem_is_one_line() {
    assert_eq!(
        error(r#"{"ociVersion": "1.0.0", "root": {"path": 1}}"#),
        "config.json: /root/path: found 1, allowed: a string"
    );
}

#[test]
fn several_problems_have_a_line_each() {
    assert_eq!(
        error(r#"{"ociVersion": "1.0.0", "root": {"path": 1}, "hostname": 2}"#),
        "config.json: 2 problems:\n  /hostname: found 2, allowed: a string\n  /root/path: found 1, allowed: a string"
    );
}

#[test]
fn a_missing_bundle_says_so() {
    let error = Config::load(Path::new("/nonexistent/bundle")).expect_err("no bundle").to_string();
    assert_eq!(error, "open /nonexistent/bundle/config.json: no such file or directory (ENOENT)");
}

#[test]
fn the_text_is_kept_as_it_was() {
    let bundle = std::env::temp_dir().join(format!("bundle-text-{}", std::process::id()));
    fs::create_dir_all(&bundle).expect("a directory");
    let text = "{\"ociVersion\":\"1.0.0\",\n\n\"root\":{\"path\":\"r\"} , \"later\":1}\n";
    fs::write(bundle.join(FILE), text).expect("a file");
    let config = Config::load(&bundle).expect("right");
    fs::remove_dir_all(&bundle).expect("removed");
    assert_eq!(config.text, text.as_bytes());
}

#[test]
fn a_process_file_is_a_process() {
    let file =
        ProcessFile::parse("process.json", br#"{"args": ["ls"], "cwd": "/", "user": {"uid": 7, "gid": 8}}"#);
    assert_eq!(file.map(|file| file.process.user().uid()).ok(), Some(7));
}

#[test]
fn problems_of_a_process_file_bear_its_name() {
    let error = ProcessFile::parse("process.json", br#"{"args": ["ls"], "cwd": "tmp"}"#)
        .expect_err("relative")
        .to_string();
    assert_eq!(error, r#"process.json: /cwd: found "tmp", allowed: an absolute path"#);
}

#[test]
fn unknown_capabilities_of_a_process_file_are_warned_about() {
    let text = br#"{"args": ["ls"], "cwd": "/", "capabilities": {"bounding": ["CAP_X"]}}"#;
    let warnings = ProcessFile::parse("process.json", text).expect("right").warnings;
    assert_eq!(warnings, [r#"/capabilities/bounding/0: unknown capability "CAP_X" is ignored"#]);
}
