//! From a verdict to something that can be read: terminal, Markdown, JSON. Each shape has one file.
//! Nothing here decides; what is not in the verdict is not said.

pub mod answer;
pub mod clock;
pub mod course;
pub mod course_table;
pub mod json;
pub mod layout;
pub mod markdown;
pub mod mask;
pub mod page;
pub mod paste;
pub mod picture;
pub mod quote;
pub mod terminal;
