//! Tables for people: no borders, one row a line, cut nowhere.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with these headings.
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    table
}

/// Prints it, if it has rows, else the sentence.
pub fn print(table: &Table, when_empty: &str) {
    if table.row_count() == 0 {
        println!("{when_empty}");
    } else {
        println!("{}", table.trim_fmt());
    }
}
