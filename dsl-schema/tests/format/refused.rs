//! What cannot be read is refused with what is in the way; what can be read and is wrong is formatted.

use loopline_dsl::format;

fn refused(text: &str, expect: &[&str]) {
    let found = format(text).expect_err("it must be refused");
    let codes: Vec<_> = found.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, expect, "{:.100}", text);
}

#[test]
fn what_cannot_be_read_is_refused() {
    refused("a: [b\n", &["LL0001"]);
    refused("a: b: c\n", &["LL0001"]);
    refused("a:\n\tb: c\n", &["LL0001"]);
    refused("a: 1\n---\nb: 2\n", &["LL0005"]);
    refused("a: \u{1}\n", &["LL0013"]);
    refused("%Yé 1.2\n---\na: 1\n", &["LL0013"]);
    refused("a: &a [*a]\n", &["LL0009"]);
    refused("a: {{ b }}\nc:   1\nd: [{{ e }}]\n", &["LL0008", "LL0008"]);
    // What is not in the way is not said: it is the compiler's to say.
    refused("a: 1\na: 2\nb: {{ c }}\n", &["LL0008"]);
}

#[test]
fn what_is_beyond_the_limits_is_refused() {
    refused(&"# comment\n".repeat(200_000), &["LL0002"]);
    for open in ["[", "{a: ", "- ", "? "] {
        refused(&open.repeat(200_000), &["LL0003"]);
    }
    let mut bomb = String::from("x-a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        bomb.push_str(&format!("x-a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    refused(&bomb, &["LL0004"]);
}

#[test]
fn other_mistakes_do_not_stand_in_the_way() {
    for (text, expect) in [
        ("a:   1\na:   2\n", "a: 1\na: 2\n"),
        ("a:   !unknown 1\n", "a: !unknown 1\n"),
        ("<<:   1\n", "<<: 1\n"),
        ("[a]:   1\n", "[a]: 1\n"),
        ("nothing:   known\n", "nothing: known\n"),
        ("%YAML 1.2\n---\na:   é\n", "%YAML 1.2\n---\na: é\n"),
        ("a: |\n    %é\n", "a: |\n  %é\n"),
    ] {
        assert_eq!(format(text).as_deref(), Ok(expect));
    }
}

#[test]
fn what_would_become_too_large_stays_as_it_is() {
    // Each comment would move below what it belongs to, and gain a hundred letters.
    let deep: String = (0..60).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let text = format!("{deep}{}{}b: 1\n", "#\n".repeat(100_000), " ".repeat(60));
    assert_eq!(format(&text), Ok(text));
}
